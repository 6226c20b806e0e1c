//! Outside witnesses: other people's X.509, asked about what certwright made.
//!
//! Knows how each witness is found and asked, and how its absence is told. Refuses to know the
//! right answer: a witness says what it sees in a folder of pairs, the test compares.
//!
//! A folder of pairs holds a folder for each pair: `tls.key`, `tls.crt`, and `hosts`, a name or
//! address a line that a client may connect to. Python (`witness/judge.py`) and Go
//! (`witness/judge.go`) each judge a whole folder in one process and print one JSON object a pair,
//! with the same fields.
//!
//! A batch is thousands of certificates at once, without handshakes: a folder with `certificates`,
//! a line for each (its DER as base64, the name of a key file, and hosts, with blanks between), and
//! those key files in `keys`. `witness/batch.py` and `witness/batch.go` print a JSON object a line.

use certwright::x509::cert::Certificate;
use certwright::x509::san::San;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What Python says of the pairs in `folder` at `at` (seconds since 1970), in the order of their
/// names; nothing, loudly, where there is no Python with `cryptography`.
pub fn python(test: &str, folder: &Path, at: i64) -> Option<Vec<Value>> {
    python_with(test, "judge.py", &[folder.as_os_str(), at.to_string().as_ref()])
}

/// What Python says of the certificates of a batch, in their order.
pub fn python_of_batch(test: &str, folder: &Path) -> Option<Vec<Value>> {
    python_program(test, "batch.py", folder)
}

/// What one of the Python programs in `witness/` says of a folder; nothing, loudly, where there is
/// no Python with `cryptography`.
pub fn python_program(test: &str, program: &str, folder: &Path) -> Option<Vec<Value>> {
    python_with(test, program, &[folder.as_os_str()])
}

/// What the parsers of other people read in the reports in `folder` (`witness/formats.py`), by the names
/// of the cases; nothing, loudly, where one of them is not here.
pub fn of_formats(test: &str, folder: &Path) -> Option<BTreeMap<String, Value>> {
    let python = parsers(test)?;
    for (program, package) in [("xmllint", "libxml2-utils"), ("promtool", "prometheus")] {
        if !succeeds(Command::new(program).arg("--version")) {
            skip(test, &format!("needs {program} (Debian: {package})"));
            return None;
        }
    }
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sarif/install.sh");
    let where_ = Command::new(install).arg("--where").output().expect("sh starts");
    let schema = PathBuf::from(String::from_utf8_lossy(&where_.stdout).trim());
    if !schema.is_file() {
        skip(test, "needs the schema of SARIF: run testdata/sarif/install.sh");
        return None;
    }
    let mut witness = Command::new(python);
    let told = verdicts(witness.arg("-B").arg(judge("formats.py")).arg(folder).arg(schema));
    let case = |told: &Value| told["case"].as_str().expect("the case is named").to_owned();
    Some(told.into_iter().map(|told| (case(&told), told)).collect())
}

/// What is to be seen when somebody uses the page of a report in Chromium (`witness/page.py`); nothing,
/// loudly, where there is none.
pub fn of_page(test: &str, page: &Path, namespace: &str) -> Option<Value> {
    if !succeeds(Command::new("chromium").arg("--version")) {
        skip(test, "needs chromium (Debian: chromium)");
        return None;
    }
    let mut witness = Command::new("python3");
    verdicts(witness.arg("-B").arg(judge("page.py")).arg(page).arg(namespace)).pop()
}

/// What Python's jsonschema says of documents, each given by its schema's file and its own: nothing where
/// it is valid, or the first complaint (`witness/schemas.py`).
pub fn of_schemas(test: &str, requests: &[(PathBuf, PathBuf)]) -> Option<Vec<Option<String>>> {
    let python = parsers(test)?;
    let mut witness = Command::new(python);
    witness.arg("-B").arg(judge("schemas.py"));
    witness.args(requests.iter().flat_map(|(schema, document)| [schema, document]));
    let told = verdicts(&mut witness);
    Some(told.into_iter().map(|told| told.as_str().map(str::to_owned)).collect())
}

/// The Python that has the parsers: the user's own, or Debian's, for which Debian packages them.
pub fn parsers(test: &str) -> Option<&'static str> {
    const MODULES: &str = "import html5lib, jsonschema, markdown_it, prometheus_client.parser";
    let has = |python: &&str| succeeds(Command::new(python).args(["-c", MODULES]));
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has);
    if found.is_none() {
        skip(test, "needs python3 with html5lib, jsonschema, markdown-it-py and prometheus-client");
    }
    found
}

fn python_with(test: &str, program: &str, args: &[&OsStr]) -> Option<Vec<Value>> {
    const MODULES: &str = "import cryptography.x509.verification";
    if !succeeds(Command::new("python3").args(["-c", MODULES])) {
        skip(test, "needs python3 with the package cryptography, 43 or newer");
        return None;
    }
    // -B: nothing is to lie beside the programs.
    Some(verdicts(Command::new("python3").arg("-B").arg(judge(program)).args(args)))
}

/// What Go says of the pairs in `folder` at `at` (seconds since 1970), in the order of their names;
/// nothing, loudly, where there is no Go.
pub fn go(test: &str, folder: &Path, at: i64) -> Option<Vec<Value>> {
    go_program(test, "judge.go", &[folder.as_os_str(), at.to_string().as_ref()])
}

/// What Go says of the certificates of a batch, in their order.
pub fn go_of_batch(test: &str, folder: &Path) -> Option<Vec<Value>> {
    go_program(test, "batch.go", &[folder.as_os_str()])
}

fn go_program(test: &str, program: &str, args: &[&OsStr]) -> Option<Vec<Value>> {
    if !succeeds(Command::new("go").arg("version")) {
        skip(test, "needs Go (https://go.dev/dl)");
        return None;
    }
    let mut go = Command::new("go");
    // The Go that is here, and no module of anybody's around this file.
    go.env("GOTOOLCHAIN", "local").env("GOWORK", "off").env("GO111MODULE", "off");
    Some(verdicts(go.arg("run").arg(judge(program)).args(args)))
}

/// The names that certwright reads, in the words of `batch.py` and `batch.go`.
pub fn names_by_kind(facts: &Certificate) -> BTreeMap<&'static str, Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> =
        ["dns", "ip", "email", "uri"].map(|kind| (kind, Vec::new())).into();
    for name in &facts.names {
        let kind = match name {
            San::Dns(_) => "dns",
            San::Ip(_) => "ip",
            San::Email(_) => "email",
            San::Uri(_) => "uri",
            San::Other(_) => continue,
        };
        found.entry(kind).or_default().push(name.to_string());
    }
    found
}

/// What Go's client makes of each case in `folder` at `at` (seconds since 1970), by the cases'
/// names: nothing to complain of, or the complaint; and whether `tls.X509KeyPair` loads the pair. A
/// case is a folder with `tls.crt`, `tls.key`, `root.pem` and `host`.
pub fn go_clients(test: &str, folder: &Path, at: i64) -> Option<BTreeMap<String, OfGo>> {
    if !succeeds(Command::new("go").arg("version")) {
        skip(test, "needs Go (https://go.dev/dl)");
        return None;
    }
    let mut go = Command::new("go");
    go.env("GOTOOLCHAIN", "local").env("GOWORK", "off").env("GO111MODULE", "off");
    // Outside of a module Go falls back to what it did years ago.
    go.env("GODEBUG", "x509negativeserial=0,rsa1024min=1,x509sha1=0");
    let told = verdicts(go.arg("run").arg(judge("clients.go")).arg(folder).arg(at.to_string()));
    let one = |told: &Value| {
        let case = told["case"].as_str().expect("the case is named").to_owned();
        let complaint = told["complaint"].as_str().map(str::to_owned);
        (case, OfGo { complaint, loads: told["loads"] == true })
    };
    Some(told.iter().map(one).collect())
}

/// What Go says of a case.
pub struct OfGo {
    /// What its client complains of, or its server.
    pub complaint: Option<String>,
    /// Whether its server takes the pair.
    pub loads: bool,
}

/// The program `openssl`; nothing, loudly, where there is none of version 3 or newer.
pub fn openssl(test: &str) -> Option<OpenSsl> {
    let version = Command::new("openssl").arg("version").output();
    let is_new = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.strip_prefix("OpenSSL ").and_then(|rest| rest.split('.').next());
        version.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= 3)
    };
    if version.is_ok_and(|output| is_new(&output)) {
        return Some(OpenSsl { program: "openssl" });
    }
    skip(test, "needs openssl, 3.0 or newer");
    None
}

/// The program `openssl`, which is there.
pub struct OpenSsl {
    program: &'static str,
}

impl OpenSsl {
    /// What it prints for these arguments, or what it complains of.
    pub fn ask(&self, args: &[impl AsRef<OsStr>]) -> Result<String, String> {
        let ran = Command::new(self.program).args(args).stdin(Stdio::null()).output();
        let ran = ran.unwrap_or_else(|error| panic!("{} told its version: {error}", self.program));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if ran.status.success() {
            Ok(text(&ran.stdout))
        } else {
            Err(text(&ran.stdout) + &text(&ran.stderr))
        }
    }
}

/// Says on the real stderr that a test was not run; libtest would swallow what `eprintln!` says.
///
/// # Panics
/// In CI, where a skip would go unread.
pub fn skip(test: &str, why: &str) {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "{test}: a skipped test is a failure in CI: {why}");
    say(&format!("SKIPPED: {test}: {why}"));
}

/// Says on the real stderr what this machine did not allow to be tried; in CI too, for another
/// test shows the same thing in another way.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether the command can be run and ends well.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn judge(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/witness").join(file)
}

fn verdicts(command: &mut Command) -> Vec<Value> {
    let ran = command.stdin(Stdio::null()).output().expect("the witness starts, for it is there");
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "the witness gave up:\n{complaint}");
    let told = String::from_utf8(ran.stdout).expect("the witness writes UTF-8");
    told.lines().map(|line| serde_json::from_str(line).expect("the witness writes JSON")).collect()
}
