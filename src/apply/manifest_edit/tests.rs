//! What becomes of manifests that are edited.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{BTreeMap, EditError, Events, ValueAt, ValueEdit, edit, manifest, prove};

/// Looks like PEM, and is no key. Two lines of content, so that folding shows.
const PEM: &str = "-----BEGIN X-----\nQUJDREVGR0hJSktM\nTU5P\n-----END X-----\n";
/// `PEM` in base64.
const B64: &str = "LS0tLS1CRUdJTiBYLS0tLS0KUVVKRFJFVkdSMGhKU2t0TQpUVTVQCi0tLS0tRU5EIFgtLS0tLQo=";
/// `B64` in lines of 20.
const B64_20: [&str; 4] =
    ["LS0tLS1CRUdJTiBYLS0t", "LS0KUVVKRFJFVkdSMGhK", "U2t0TQpUVTVQCi0tLS0t", "RU5EIFgtLS0tLQo="];

fn at(document: usize, item: Option<usize>) -> ValueAt<'static> {
    ValueAt { document, item, key: "tls.crt" }
}

fn edit_at(text: &str, at: ValueAt<'_>) -> Result<String, EditError> {
    let value = PEM.as_bytes();
    edit(text, &[ValueEdit { at, value }]).map(|new| new.to_string())
}

/// The funnel: editing `tls.crt` of the first document turns `old` into `new`, and readers
/// of the result, Kubernetes' rules applied, find the PEM where the old value stood.
#[track_caller]
fn check(old: &str, new: &str) {
    check_at(old, at(0, None), new);
}

#[track_caller]
fn check_at(old: &str, at: ValueAt<'_>, new: &str) {
    let edited = edit_at(old, at).expect("the edit is possible");
    assert_eq!(edited, new);
    assert_meaning(old, new, at);
    let again = edit_at(&edited, at).expect("the result can be edited");
    assert_eq!(again, edited, "a second edit with the same value is idle");
}

/// Reads both texts with another reader, and compares them apart from the value.
#[track_caller]
fn assert_meaning(old: &str, new: &str, at: ValueAt<'_>) {
    let read = |text: &str| -> Option<Vec<Value>> {
        let documents = manifest::documents(text);
        let read = documents.iter().map(|one| manifest::parse(text, one));
        read.map(|one| one.ok().map(|parsed| parsed.value)).collect()
    };
    // The other reader refuses more than this module does; what it refuses is no evidence.
    let Some(mut old) = read(old) else { return };
    let mut new = read(new).expect("the new text is as readable as the old one");
    let mut found = 0;
    for documents in [&mut old, &mut new] {
        let mut secret = &mut documents[at.document];
        if let Some(item) = at.item {
            secret = &mut secret["items"][item];
        }
        for field in ["data", "stringData"] {
            let Some(map) = secret.get_mut(field).and_then(Value::as_object_mut) else {
                continue;
            };
            if let Some(value) = map.get_mut(at.key) {
                found += usize::from(is_pem(field, value.as_str()));
                *value = Value::Null;
            }
        }
    }
    assert_eq!(old, new);
    assert!(found > 0, "the new value reads as the wanted one");
}

fn is_pem(field: &str, value: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    if field == "stringData" {
        return value == PEM || value == PEM.trim_end();
    }
    let unbroken = value.replace(['\r', '\n'], "");
    STANDARD.decode(unbroken).is_ok_and(|read| read == PEM.as_bytes())
}

/// Checks what stands behind `tls.crt:` in a block map, with neighbours around it.
#[track_caller]
fn check_field(field: &str, old: &str, new: &str) {
    let manifest = |value: &str| {
        format!(
            "apiVersion: v1 # core\nkind: Secret\n{field}:\n  ca.crt: eA==\n  tls.crt:{value}\n  \
                 # the key\n  tls.key: eQ==\nmetadata: {{name: web}}\n"
        )
    };
    check(&manifest(old), &manifest(new));
}

#[track_caller]
fn check_data(old: &str, new: &str) {
    check_field("data", old, &new.replace("B64", B64));
}

/// In `new`, `PEM4` stands for the PEM lines indented by 4, the last line break left out.
#[track_caller]
fn check_string_data(old: &str, new: &str) {
    check_field("stringData", old, &new.replace("PEM4", &pem(4, "\n")));
}

fn pem(indent: usize, eol: &str) -> String {
    let lines: Vec<String> = PEM.lines().map(|line| format!("{:indent$}{line}", "")).collect();
    lines.join(eol)
}

fn escaped() -> String {
    format!("\"{}\"", PEM.replace('\n', "\\n"))
}

#[track_caller]
fn check_error(text: &str, at: ValueAt<'_>, sentence: &str) {
    let error = edit_at(text, at).expect_err("the edit is refused");
    assert_eq!(error.to_string(), sentence);
}

#[test]
fn keeps_plain_and_quoted_base64_in_their_notation() {
    check_data(" b2xk", " B64");
    check_data("   b2xk  ", "   B64  ");
    check_data(" 'b2xk'", " 'B64'");
    check_data(" \"b2xk\"", " \"B64\"");
    check_data("\n    b2xk", "\n    B64");
    check_data(" !!str b2xk", " !!str B64");
    check_data(" &unused b2xk", " &unused B64");
    check_data(" ! \"b2xk\"", " ! \"B64\"");
}

#[test]
fn keeps_the_comment_behind_a_value() {
    check_data(" b2xk # old one", " B64 # old one");
    check_data(" 'b2xk'   # it's", " 'B64'   # it's");
    check_data(" \"b2xk\"\t# \"x\"", " \"B64\"\t# \"x\"");
    check_data(" | # here: |\n    b2xk", " | # here: |\n    B64");
    check_data(" # above\n    b2xk # c", " # above\n    B64 # c");
    check_data(" # a: |\n    | # b\n    b2xk", " # a: |\n    | # b\n    B64");
    check_string_data(" | # pem\n    old", " | # pem\nPEM4");
    check_string_data(" old # todo", " | # todo\nPEM4");
}

#[test]
fn keeps_block_headers_and_the_indentation_of_the_content() {
    for header in ["|", "|-", "|+", ">", ">-", ">+"] {
        let old = format!(" {header}\n      b2xk");
        let new = format!(" {header}\n      B64");
        check_data(&old, &new);
    }
    check_data(" |2\n    b2xk", " |2\n    B64");
    check_data(" |1-\n   b2xk", " |1-\n   B64");
    check_data(" >-3\n     b2xk", " >-3\n     B64");
    check_data(" &a !!str # x\n   |\n   b2xk", " &a !!str # x\n   |\n   B64");
}

#[test]
fn keeps_blank_lines_around_a_block_apart_from_leading_ones() {
    check_data(" |\n    b2xk\n\n  \n", " |\n    B64\n\n  \n");
    check_data(" |\n\n    b2xk\n", " |\n    B64\n");
    check_data(" |+\n    b2xk\n\n", " |+\n    B64\n\n");
    check_data(" |\n    b2xk\n      \n", " |\n    B64\n");
    check_string_data(" |\n    old\n\n", " |\nPEM4\n\n");
}

#[test]
fn drops_blank_lines_that_would_count_in_the_value() {
    check_string_data(" |+\n    old\n\n\n", " |+\nPEM4");
    check_string_data(" |+\n\n", " |+\nPEM4");
}

#[test]
fn wraps_base64_at_the_width_it_was_wrapped_at() {
    let old = " |\n    AAAAAAAAAAAAAAAAAAAA\n    AAAAAAAAAAAAAAAAAAAA\n    AAAA";
    check_data(old, &format!(" |\n    {}", B64_20.join("\n    ")));
    let old = " \"AAAAAAAAAAAAAAAAAAAA\\nAAAA\\n\"";
    check_data(old, &format!(" \"{}\"", B64_20.join("\\n")));
    let old = " 'AAAAAAAAAAAAAAAAAAAA\n\n    AAAA'";
    check_data(old, &format!(" '{}'", B64_20.join("\n\n    ")));
    let old = " >\n    AAAAAAAAAAAAAAAAAAAA\n\n    AAAA";
    check_data(old, &format!(" >\n    {}", B64_20.join("\n\n    ")));
}

#[test]
fn unfolds_base64_whose_line_breaks_read_as_blanks() {
    check_data(" >-\n    AAAA\n    AAAA", " >-\n    B64");
    check_data(" AAAA\n    AAAA # c", " B64 # c");
    check_data(" 'AAAA\n    AAAA'", " 'B64'");
    check_data(" \"AAAA\\\n    AAAA\"", " \"B64\"");
}

#[test]
fn fills_an_empty_value_with_base64() {
    check_data("", " B64");
    check_data(" ", " B64");
    check_data("   # todo", " B64  # todo");
    check_data(" # todo", " B64 # todo");
    check_data(" ~", " B64");
    check_data(" null # c", " B64 # c");
    check_data(" \"\"", " B64");
    check_data(" ''", " B64");
    check_data(" !!str", " !!str B64");
    check_data(" &a # c", " &a B64 # c");
    check_data(" |", " |\n    B64");
    check_data(" |4 # c", " |4 # c\n      B64");
}

#[test]
fn fills_an_empty_text_with_a_literal_block() {
    check_string_data("", " |\nPEM4");
    check_string_data(" # todo", " | # todo\nPEM4");
    check_string_data(" \"\" # todo", " | # todo\nPEM4");
    check_string_data(" ~\n\n", " |\nPEM4\n\n");
    check_string_data(" !!str", " !!str |\nPEM4");
    check_string_data("\n   ''", "\n   |\nPEM4");
}

#[test]
fn does_not_let_a_new_block_swallow_what_stands_below() {
    let quoted = format!(" {}", escaped());
    for below in
        ["\n    # a deep comment", "\n\n     # deeper", "\n      \n", "\n  \t\n", "\n \t # c"]
    {
        check_string_data(below, &format!("{quoted}{below}"));
    }
    check_string_data("\n   # beside", " |\nPEM4\n   # beside");
}

#[test]
fn writes_text_in_the_notation_it_had() {
    check_string_data(" |\n    old\n    text", " |\nPEM4");
    check_string_data(" |-\n    old", " |-\nPEM4");
    check_string_data(" |2\n      old", " |2\nPEM4");
    check_string_data(" \"old\\ntext\\n\"", &format!(" {}", escaped()));
    check_string_data(" \"old\n    text\" # c", &format!(" {} # c", escaped()));
    check_string_data(" 'old'", &format!(" {}", escaped()));
    check_string_data(" old\n    text # c", " | # c\nPEM4");
}

#[test]
fn folds_text_that_was_folded() {
    let lines = PEM.trim_end().replace('\n', "\n\n    ");
    check_string_data(" 'old\n\n    text\n\n    '", &format!(" '{lines}\n\n    '"));
    check_string_data(" >\n    old", &format!(" >\n    {lines}"));
    check_string_data(" >-\n    old", &format!(" >-\n    {lines}"));
}

#[test]
fn a_value_without_a_last_line_break_strips_the_block() {
    for (old, new) in [
        (" |\n    x\n", " |-\n    new\n"),
        (" |+ # c\n    x\n\n", " |- # c\n    new\n\n"),
        (" >2\n    x\n", " >2-\n    new\n"),
        (" |-\n    x\n", " |-\n    new\n"),
        (" x\n", " new\n"),
        (" 'x' # c\n", " 'new' # c\n"),
        (" # c\n", " new # c\n"),
    ] {
        let manifest = |value| format!("stringData:\n  tls.crt:{value}kind: Secret\n");
        let edits = [ValueEdit { at: at(0, None), value: b"new" }];
        let edited = edit(&manifest(old), &edits).expect("the edit is possible");
        assert_eq!(*edited, manifest(new));
    }
}

#[test]
fn writes_both_maps_when_both_have_the_key() {
    let manifest = |data: &str, text: &str| {
        format!("stringData:\n  tls.crt: |-\n{text}\ndata:\n  tls.crt: {data}\n")
    };
    check(&manifest("b2xk", "    old"), &manifest(B64, &pem(4, "\n")));
}

#[test]
fn a_binary_tag_is_one_more_layer_of_base64() {
    let text = |value: &str| format!("stringData: {{tls.crt: !!binary {value}}}");
    check(&text("b2xk"), &text(B64));
    let data = |value: &str| format!("data:\n  tls.crt: !!binary |\n    {value}\n");
    let twice = STANDARD.encode(B64);
    check(&data("YjJ4aw=="), &data(&twice));
}

#[test]
fn edits_json_and_flow_mappings() {
    let minified = |value: &str| {
        format!(r#"{{"data":{{"tls.crt":{value},"tls.key":"eA=="}},"kind":"Secret"}}"#)
    };
    let pretty = |value: &str| {
        format!(
            "{{\r\n\t\"kind\": \"Secret\",\r\n\t\"data\": {{\r\n\t\t\"tls.crt\": {value}\r\n\t}}\r\n}}"
        )
    };
    let quoted = format!("\"{B64}\"");
    for manifest in [&minified as &dyn Fn(&str) -> String, &pretty] {
        for old in ["\"b2xk\"", "\"\"", "null", "\"b\\u0032xk\""] {
            check(&manifest(old), &manifest(&quoted));
            serde_json::from_str::<Value>(&manifest(&quoted)).expect("json stays json");
        }
    }
    let flow = |value: &str| format!("kind: Secret\ndata: {{a: b, tls.crt:{value}}} # c\n");
    check(&flow(" b2xk"), &flow(&format!(" {B64}")));
    check(&flow(" 'b2xk' "), &flow(&format!(" '{B64}' ")));
    check(&flow(""), &flow(&format!(" \"{B64}\"")));
    check(&flow(" ,c: d"), &flow(&format!(" \"{B64}\",c: d")));
    let text = |value: &str| format!("{{\"stringData\": {{'tls.crt': {value}, b: c}}}}");
    check(&text("old"), &text(&escaped()));
    check(&text("\"a\\nb\""), &text(&escaped()));
    check(&text("''"), &text(&escaped()));
}

#[test]
fn escapes_what_json_must_escape() {
    let edits = [ValueEdit {
        at: at(0, None),
        value: "a\"b\\c\r\n\t\u{7f}\u{85}\u{1}\u{2028}\u{feff}ü🦀".as_bytes(),
    }];
    for old in ["{\"stringData\":{\"tls.crt\":\"x\"}}", "stringData:\n  tls.crt: |\n    x\n    y\n"]
    {
        let edited = edit(old, &edits).expect("every text can be quoted");
        let expected = "\"a\\\"b\\\\c\\r\\n\\t\\u007f\\u0085\\u0001\\u2028\\ufeffü🦀\"";
        let x = if old.starts_with('{') { "\"x\"" } else { "|\n    x\n    y" };
        assert_eq!(*edited, old.replace(x, expected));
    }
}

#[test]
fn quotes_base64_that_reads_as_something_else() {
    // `true`, `null`, `1234` and `12e4` are base64 of three bytes each.
    for value in ["true", "null", "1234", "12e4", "0x1F"] {
        let bytes = STANDARD.decode(value).expect("these are base64");
        let edits = [ValueEdit { at: at(0, None), value: &bytes }];
        let edited = edit("data:\n  tls.crt: b2xk", &edits).expect("the edit is possible");
        assert_eq!(*edited, format!("data:\n  tls.crt: \"{value}\""));
    }
}

#[test]
fn writes_the_line_ends_of_the_block() {
    let crlf =
        |value: &str| format!("kind: Secret\r\nstringData:\r\n  tls.crt:{value}\r\n  b: c\r\n");
    let body = pem(4, "\r\n");
    check(&crlf(" |\r\n    old"), &crlf(&format!(" |\r\n{body}")));
    check(&crlf(""), &crlf(&format!(" |\r\n{body}")));
    let folded = PEM.trim_end().replace('\n', "\r\n\r\n   ");
    check(&crlf(" 'a\r\n\r\n   b'"), &crlf(&format!(" '{folded}\r\n\r\n   '")));
    let mixed =
        |value: &str| format!("kind: Secret\r\nstringData:\n  tls.crt: |\r\n{value}\r\n  b: c\n");
    check(&mixed("    a\n    b"), &mixed(&pem(4, "\n")));
    let cr = |value: &str| format!("kind: Secret\rstringData:\r  tls.crt: |\r{value}\r  b: c\r");
    check(&cr("    a\r    b"), &cr(&pem(4, "\r")));
}

#[test]
fn keeps_a_missing_last_line_break_missing() {
    let literal = |value: &str| format!("stringData:\n  tls.crt: |\n{value}");
    check(&literal("    old"), &literal(&pem(4, "\n")));
    check(&literal(""), &(literal(&pem(4, "\n")) + "\n"));
    check("stringData:\n  tls.crt: |", &literal(&pem(4, "\n")));
    check("stringData:\n  tls.crt:", &literal(&pem(4, "\n")));
    check("stringData:\n  tls.crt: x # c", &literal(&pem(4, "\n")).replace('|', "| # c"));
    check("data:\n  tls.crt:", &format!("data:\n  tls.crt: {B64}"));
    check("data:\n  tls.crt: b2xk", &format!("data:\n  tls.crt: {B64}"));
}

#[test]
fn keeps_byte_order_mark_directives_and_markers() {
    let manifest = |value: &str| {
        format!(
            "\u{feff}%YAML 1.1\n%TAG !k! tag:yaml.org,2002:\n--- # one\ndata:\n  \"tls.crt\": !k!str {value}\n...\n# end\n"
        )
    };
    check(&manifest("b2xk"), &manifest(B64));
    let manifest = |value: &str| format!("\u{feff}data:\n  ? tls.crt\n  : {value}\n  ? x\n");
    check(&manifest("b2xk"), &manifest(B64));
}

#[test]
fn counts_empty_documents_and_items() {
    let secret = |value: &str| format!("kind: Secret\ndata:\n  tls.crt: {value}\n");
    let file = |value: &str| format!("# a\n---\n---\n# b\n---\n{}...\n---\n", secret(value));
    check_at(&file("b2xk"), at(2, None), &file(B64));
    let list = |one: &str, two: &str| {
        format!(
            "kind: List\nitems:\n- kind: ConfigMap\n  data: {{a: b}}\n- {}- data: {{tls.crt: {two}}}\n",
            secret(one).replace('\n', "\n  ").trim_end_matches(' ')
        )
    };
    check_at(&list("b2xk", "eA=="), at(0, Some(1)), &list(B64, "eA=="));
    check_at(&list("b2xk", "eA=="), at(0, Some(2)), &list("b2xk", B64));
    let json = |value: &str| {
        format!("{{\"kind\":\"SecretList\",\"items\":[{{\"data\":{{\"tls.crt\":\"{value}\"}}}}]}}")
    };
    check_at(&json("b2xk"), at(0, Some(0)), &json(B64));
}

#[test]
fn makes_many_edits_at_once_in_any_order() {
    let file = |a: &str, b: &str, c: &str| {
        format!("data:\n  tls.crt: {a}\n  tls.key: {b}\n---\nstringData:\n  tls.key:{c}\n")
    };
    let value = PEM.as_bytes();
    let one = |document, key| ValueEdit { at: ValueAt { document, item: None, key }, value };
    let edits = [one(1, "tls.key"), one(0, "tls.key"), one(0, "tls.crt")];
    let edited = edit(&file("b2xk", "'eA=='", ""), &edits).expect("the edits are possible");
    let quoted = format!("'{B64}'");
    assert_eq!(*edited, file(B64, &quoted, &format!(" |\n{}", pem(4, "\n"))));
    assert_eq!(*edit(&edited, &[]).expect("no edit is possible"), *edited);
}

#[test]
fn names_documents_items_and_keys_that_are_not_there() {
    check_error("a: b", at(1, None), "there is no document 2: the text has 1");
    check_error("", at(0, None), "there is no document 1: the text has 0");
    let place = "document 1, item 2, key tls.crt, line";
    check_error(
        "a: b",
        at(0, Some(1)),
        &format!("{place} 1, column 1: the document has no such item"),
    );
    check_error(
        "items: []",
        at(0, Some(1)),
        &format!("{place} 1, column 8: the document has no such item"),
    );
    check_error(
        "items: [a: b]",
        at(0, Some(1)),
        &format!("{place} 1, column 8: the document has no such item"),
    );
    let secret = "document 1, key tls.crt, line 2, column 1: the secret has no such key in data or \
            stringData; keys are replaced, never added, so write the key with an empty value and try again";
    check_error("---\nkind: Secret\ndata: {tls.key: x}", at(0, None), secret);
    check_error("---\nkind: Secret\ndata:\nstringData: x", at(0, None), secret);
}

#[test]
fn refuses_what_is_not_a_secret() {
    let sentence = |line, column| {
        format!("document 1, key tls.crt, line {line}, column {column}: this is not a secret")
    };
    check_error("kind: ConfigMap\ndata: {tls.crt: x}", at(0, None), &sentence(1, 7));
    check_error("- data: {tls.crt: x}", at(0, None), &sentence(1, 1));
    check_error("---\n", at(0, None), &sentence(2, 1));
}

#[test]
fn refuses_values_that_other_places_share() {
    let alias = "an alias stands here, and what it points at has other users; \
            write the value out in place of the alias and try again";
    let anchor = "an alias elsewhere uses the anchor set here, so its value would change too; \
            write the value out in place of that alias and try again";
    let merge = "a merge key (<<) stands here and may supply the value; \
            write the value out under its own key and try again";
    for (text, line, column, sentence) in [
        ("a: &v eA==\ndata: {tls.crt: *v}", 2, 17, alias),
        ("a: &v {tls.crt: eA==}\ndata: *v", 2, 7, alias),
        ("data:\n  tls.crt: &v eA==\n  ca.crt: *v", 2, 15, anchor),
        ("data: &v\n  tls.crt: eA==\nstringData: *v", 2, 3, anchor),
        ("a: &v {tls.crt: eA==}\ndata:\n  <<: *v\n", 3, 3, merge),
        ("a: &v {tls.crt: eA==}\ndata: {tls.crt: eA==}\nstringData: {<<: *v}\n", 3, 14, merge),
        ("a: &v {}\ndata: {tls.crt: eA==}\n<<: *v\n", 3, 1, merge),
        ("a: &v {}\ndata: {tls.crt: eA==, <<: *v}\n", 2, 23, merge),
    ] {
        let place = format!("document 1, key tls.crt, line {line}, column {column}");
        check_error(text, at(0, None), &format!("{place}: {sentence}"));
    }
    let items = "items:\n- &s {data: {tls.crt: eA==}}\n- *s\n";
    for (item, line, column, sentence) in [(0, 2, 6, anchor), (1, 3, 3, alias)] {
        let place =
            format!("document 1, item {}, key tls.crt, line {line}, column {column}", item + 1);
        check_error(items, at(0, Some(item)), &format!("{place}: {sentence}"));
    }
}

#[test]
fn a_key_of_its_own_beats_a_merge_before_it() {
    let text =
        |value: &str| format!("a: &v {{ca.crt: eA==}}\ndata:\n  <<: *v\n  tls.crt: {value}\n");
    check(&text("b2xk"), &text(B64));
    let text = |value: &str| format!("a: &k tls.crt\ndata:\n  *k : {value}\n");
    check(&text("b2xk"), &text(B64));
    check(&text("|\n    b2xk"), &text(&format!("|\n    {B64}")));
}

#[test]
fn refuses_what_has_no_single_meaning() {
    for (text, line, column, sentence) in [
        ("data: {tls.crt: [a]}", 1, 17, "the value is not text but a list or a mapping"),
        (
            "data: {tls.crt, b: c}",
            1,
            15,
            "there is no colon behind the key; write one and try again",
        ),
        ("data:\n  ? tls.crt\n", 3, 1, "there is no colon behind the key; write one and try again"),
        (
            "data:\n  tls.crt: !vault x",
            2,
            19,
            "the value has a tag other than !!str and !!binary; remove the tag and try again",
        ),
        (
            "data:\n  tls.crt: !!null",
            2,
            18,
            "the value has a tag other than !!str and !!binary; remove the tag and try again",
        ),
    ] {
        let place = format!("document 1, key tls.crt, line {line}, column {column}");
        check_error(text, at(0, None), &format!("{place}: {sentence}"));
    }
}

#[test]
fn refuses_to_write_clear_text_into_encrypted_documents() {
    let sentence = "the document is encrypted with sops; decrypt it, or rotate it through sops";
    let place = "document 1, key tls.crt, line 2, column";
    check_error(
        "data:\n  tls.crt: ENC[AES256_GCM,data:x]",
        at(0, None),
        &format!("{place} 12: {sentence}"),
    );
    check_error("data: {tls.crt: x}\nsops: {}", at(0, None), &format!("{place} 1: {sentence}"));
}

#[test]
fn refuses_two_values_for_one_place_and_bytes_as_text() {
    let text = "stringData: {tls.crt: x}";
    let one = ValueEdit { at: at(0, None), value: b"x" };
    let error = edit(text, &[one, one]).expect_err("which of the two is meant?");
    assert_eq!(
        error.to_string(),
        "document 1, key tls.crt, line 1, column 23: two new values were given for this place"
    );
    let bytes = ValueEdit { at: at(0, None), value: b"\xff" };
    let error = edit(text, &[bytes]).expect_err("text is utf-8");
    assert_eq!(
        error.to_string(),
        "document 1, key tls.crt, line 1, column 23: the new value is not text, so it cannot stand in stringData"
    );
}

#[test]
fn syntax_errors_name_line_and_column() {
    check_error(
        "data:\n  a: 'b' c",
        at(0, None),
        "line 2, column 10: not valid yaml: something else follows a closing quote",
    );
}

#[test]
fn never_shows_a_value() {
    let one = ValueEdit { at: at(0, None), value: b"top secret" };
    let shown = format!("{one:?}");
    assert!(shown.contains("<10 bytes>") && !shown.contains("secret"), "{shown}");
    for text in [
        "data: {tls.crt: [hush]}",
        "data: {tls.crt: hush",
        "data: {tls.crt: *hush}",
        "data: {tls.crt: !x hush}",
    ] {
        let error = edit(text, &[one]).expect_err("none can be edited");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}

#[test]
fn the_proof_refuses_every_other_change() {
    let text = "# c\ndata: &d {a: 'b', c: !x d} # e\n";
    let old = Events::parse(text, 1).expect("the text is yaml");
    for (from, to) in [
        ("# c", "# d"),
        ("# e", ""),
        ("'b'", "\"b\""),
        ("'b'", "'x'"),
        ("!x", "!y"),
        ("&d ", ""),
        ("{a", "{z: z, a"),
        ("d}", "d, e: f}"),
        ("data", "---\ndata"),
        ("}", ""),
    ] {
        let new = text.replacen(from, to, 1);
        let proof = prove(&old, &new, &BTreeMap::new());
        assert!(matches!(proof, Err(EditError::WouldChangeMore { .. })), "{new}");
    }
    assert_eq!(prove(&old, text, &BTreeMap::new()), Ok(()));
}

#[test]
fn keeps_a_hundred_and_more_comment_lines() {
    let comments = "# c\n".repeat(300);
    let text =
        |value: &str| format!("{comments}data:\n  a: b\n{comments}  tls.crt: {value}\n{comments}");
    check(&text("b2xk"), &text(B64));
}

#[test]
fn a_document_that_is_no_yaml_is_left_as_it_is() {
    let file =
        |value: &str| format!("a: {{{{ .b }}}}\n---\ndata:\n  tls.crt: {value}\n---\nc: 'd\n");
    check_at(&file("b2xk"), at(1, None), &file(B64));
    check_error(
        &file("b2xk"),
        at(2, None),
        "line 7, column 1: not valid yaml: a quote is not closed, or a line inside it is indented wrongly",
    );
}

#[test]
fn the_last_of_two_keys_is_the_one_that_changes() {
    for text in [
        |value: &str| format!("data: {{tls.crt: eA==, tls.crt: {value}}}\n"),
        |value: &str| format!("data: {{x: a, \"x\": b, tls.crt: {value}}}\n"),
        |value: &str| format!("data: {{tls.crt: eA==}}\ndata:\n  tls.crt: {value}\n"),
        |value: &str| format!("metadata: {{}}\nmetadata: {{}}\ndata:\n  tls.crt: {value}\n"),
    ] {
        check(&text("b2xk"), &text(B64));
    }
}

#[test]
fn indented_documents_marks_and_json_streams_are_edited_in_their_place() {
    let indented =
        |value: &str| format!("    kind: Secret\n    data:\n      tls.crt: {value}\n---\na: b\n");
    check(&indented("b2xk"), &indented(B64));
    let marked = |value: &str| format!("a: b\n---\n\u{feff}data:\n  tls.crt: {value}\n");
    check_at(&marked("b2xk"), at(1, None), &marked(B64));
    let json = |one: &str, two: &str| {
        format!("{{\"data\":{{\"tls.crt\":\"{one}\"}}}}\n{{\"data\":{{\"tls.crt\":\"{two}\"}}}}")
    };
    check_at(&json("b2xk", "eA=="), at(0, None), &json(B64, "eA=="));
    check_at(&json("b2xk", "eA=="), at(1, None), &json("b2xk", B64));
    let returns = |value: &str| format!("data:\r  tls.crt: {value} # c\r  b: c\r");
    check(&returns("b2xk"), &returns(B64));
}

/// A generator of our own: the test must run the same way everywhere.
struct XorShift(u64);

impl XorShift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit.max(1)).expect("lengths are small");
        usize::try_from(self.0 % limit).expect("below a length")
    }
}

const SEEDS: [&str; 9] = [
    "kind: Secret\ndata:\n  tls.crt: b2xk # c\n  tls.key: 'eA=='\nstringData:\n  tls.crt: |\n    a\n    b\n\n  # d\n  x: y\n",
    "data:\n  tls.crt: |-2 # c\n    AAAA\n    AAAA\n\n  b: >\n   c\n---\nstringData:\n  tls.crt:\n  # c\n  b: c\n",
    "{\n  \"kind\": \"List\",\n  \"items\": [{\"data\": {\"tls.crt\": \"b2xk\", \"b\": null}}]\n}\n",
    "stringData:\r\n  tls.crt: 'a\r\n\r\n    b\r\n\r\n    '\r\n  b: \"c\\\r\n   d\"\r\n",
    "\u{feff}%YAML 1.1\n--- # x\ndata: {a: &a b, tls.crt: !!binary , c: *a}\n...\n",
    "items:\n- stringData:\n    ? tls.crt\n    : !!str &x\n      # y\n      >+\n      a\n\n      b\n\n\n- *x\n",
    "data:\n  <<: {a: b}\n  tls.crt: \"\"\nstringData: {tls.crt: ''}\n",
    "stringData:\n tls.crt: a\n   b # é\n b: |+\n  c\n\n d: e",
    "stringData:\n  tls.crt: |\n\n\n  b: |1\n    tls.crt: x\n---\n---\ndata:\n  tls.crt:",
];
const BITS: [&str; 32] = [
    " ", "  ", "\n", "\r\n", "\r", "\t", ":", ": ", "#", " # ", "|", ">", "+", "-", "- ", "2", "'",
    "\"", "\\", "&a ", "*a", "!!str ", "{", "}", "[", ",", "? ", "---\n", "...\n", "é", "tls.crt",
    "\0",
];

#[test]
fn mutated_manifests_neither_panic_nor_change_beyond_the_value() {
    let mut random = XorShift(0x9E37_79B9_7F4A_7C15);
    let mut edited = 0;
    for round in 0..6000 {
        let mut text = SEEDS[round % SEEDS.len()].to_owned();
        for _ in 0..=random.below(3) {
            mutate(&mut text, &mut random);
        }
        for at in [at(0, None), at(0, Some(0)), at(1, None)] {
            if let Ok(new) = edit_at(&text, at) {
                edited += 1;
                assert_meaning(&text, &new, at);
            }
        }
    }
    assert!(edited > 900, "too few mutations can be edited: {edited}");
}

fn mutate(text: &mut String, random: &mut XorShift) {
    let boundary = |text: &str, random: &mut XorShift| {
        let at = random.below(text.len() + 1);
        (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    };
    let (a, b) = (boundary(text, random), boundary(text, random));
    let range = a.min(b)..a.max(b).min(a.min(b) + 8);
    let end = (range.end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let bit = BITS[random.below(BITS.len())];
    match random.below(4) {
        0 => text.insert_str(a, bit),
        1 => text.replace_range(range.start..end, ""),
        2 => text.replace_range(range.start..end, bit),
        _ => {
            let copy = text.get(range.start..end).unwrap_or_default().to_owned();
            text.insert_str(b, &copy);
        }
    }
}
