//! Where documents of a text begin and end.

use super::*;

fn cut(text: &str) -> Vec<(&str, usize, Option<Lost>)> {
    documents(text)
        .into_iter()
        .map(|one| (text.get(one.range).expect("it is a piece"), one.line, one.lost))
        .collect()
}

/// The funnel: these documents, each in this line, none of them lost.
#[track_caller]
fn check(text: &str, documents: &[(&str, usize)]) {
    let wanted: Vec<_> = documents.iter().map(|(text, line)| (*text, *line, None)).collect();
    assert_eq!(cut(text), wanted);
}

#[test]
fn documents_are_cut_where_kubectl_cuts_them() {
    check("", &[]);
    check("# nothing\n\n", &[]);
    check("a: b", &[("a: b", 1)]);
    check("# c\n---\na: b\n", &[("a: b\n", 3)]);
    check("---\n", &[("", 2)]);
    check("a: b\n---\n---\n# c\n---\n", &[("a: b\n", 1), ("", 3), ("# c\n", 4), ("", 6)]);
    check(
        "a: b\n--- # one\nc: d\n---# two\ne: f\n",
        &[("a: b\n", 1), ("c: d\n", 3), ("e: f\n", 5)],
    );
    check("a: b\r\n---\t\r\nc: d\r\n", &[("a: b\r\n", 1), ("c: d\r\n", 3)]);
    check("  a:\n    b: c\n---\nd: e", &[("  a:\n    b: c\n", 1), ("d: e", 4)]);
    check("a: |\n  ---\n  x\n", &[("a: |\n  ---\n  x\n", 1)]);
    check("a: b\n...\n---\nc: d\n...\n# e\n", &[("a: b\n...\n", 1), ("c: d\n...\n# e\n", 4)]);
}

#[test]
fn a_template_hides_no_other_document() {
    check("a: {{ .b }}\n---\nc: d\n", &[("a: {{ .b }}\n", 1), ("c: d\n", 3)]);
    check("a: 'b\n---\nc: d\n", &[("a: 'b\n", 1), ("c: d\n", 3)]);
}

#[test]
fn byte_order_marks_stand_before_documents() {
    check("\u{feff}a: b\n---\n\u{feff}c: d", &[("a: b\n", 1), ("c: d", 3)]);
    check("\u{feff}---\na: b\n", &[("a: b\n", 2)]);
}

#[test]
fn directives_belong_to_the_document_behind_them() {
    check("%YAML 1.1\n---\na: b\n", &[("%YAML 1.1\n---\na: b\n", 1)]);
    check(
        "a: b\n...\n%YAML 1.1\n--- # c\nd: e\n",
        &[("a: b\n...\n", 1), ("%YAML 1.1\n--- # c\nd: e\n", 3)],
    );
    check("a: 50%\n---\nb: c\n", &[("a: 50%\n", 1), ("b: c\n", 3)]);
}

#[test]
fn what_stands_behind_the_dashes_is_the_documents() {
    check("--- {a: b}\n---\tc: d\n", &[("--- {a: b}\n", 1), ("---\tc: d\n", 2)]);
    let pem = "-----BEGIN X-----\nMAA=\n-----END X-----\n";
    check(pem, &[(pem, 1)]);
}

#[test]
fn every_document_can_be_read_alone() {
    let text = [
        "# head\n---\n",
        "---\n# only a comment\n",
        "--- {a: b}\n... # end\n",
        "%TAG !e! tag:x,1:\n---\na: !e!b c\n...\n",
        "bare: 1\n...\n",
        "# between\n---\nlast: |\n  ---\n",
    ]
    .concat();
    let values = documents(&text).into_iter().map(|document| {
        super::super::parse(&text, &document).expect("it can be read").value.to_string()
    });
    let expected =
        ["null", "null", r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"bare":1}"#, r#"{"last":"---\n"}"#];
    assert_eq!(values.collect::<Vec<_>>(), expected);
}

#[test]
fn json_objects_follow_each_other() {
    check("{\"a\":1}{\"b\":2}\n", &[("{\"a\":1}", 1), ("{\"b\":2}\n", 1)]);
    check("{\"a\":1}\n\n{\"b\":\n2} # c\n", &[("{\"a\":1}", 1), ("\n\n{\"b\":\n2} # c\n", 1)]);
    check("{\"a\":1}\n---\nb: 2\n", &[("{\"a\":1}\n", 1), ("b: 2\n", 3)]);
    check("{a: 1, b: 2}\n", &[("{a: 1, b: 2}\n", 1)]);
    check("{\"a\":1,}\n", &[("{\"a\":1,}\n", 1)]);
    check("{\"a\":1}\n{\"b\":\n", &[("{\"a\":1}", 1), ("\n{\"b\":\n", 1)]);
}

#[test]
fn what_kubectl_loses_is_marked() {
    let (dots, json, ret) = (Lost::BehindDots, Lost::BehindJson, Lost::BehindReturn);
    for (text, documents) in [
        ("a: b\n...\nc: d\n", vec![("a: b\n...\n", 1, None), ("c: d\n", 3, Some(dots))]),
        (
            "a: b\n...\n...\n# c\nd: e\n---\nf: g\n",
            vec![
                ("a: b\n...\n...\n# c\n", 1, None),
                ("d: e\n", 5, Some(dots)),
                ("f: g\n", 7, None),
            ],
        ),
        (
            "---\n{\"a\":1}\n{\"b\":2}\n",
            vec![("{\"a\":1}", 2, None), ("\n{\"b\":2}\n", 2, Some(json))],
        ),
        (
            "# c\n{\"a\":1}\n{\"b\":2}",
            vec![("# c\n{\"a\":1}", 1, None), ("\n{\"b\":2}", 2, Some(json))],
        ),
        ("a: b\r---\rc: d\r", vec![("a: b\r", 1, None), ("c: d\r", 3, Some(ret))]),
    ] {
        assert_eq!(cut(text), documents);
    }
}
