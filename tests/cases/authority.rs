//! A CA of one's own: what `issue --make-ca`, `--ca`, `--csr`, `--from-csr` and `--p12` make,
//! judged by OpenSSL, Go, rustls-webpki and Java; and what they refuse.

use crate::support::binary::{Certwright, Ran};
use crate::support::live::Live;
use crate::support::witness::{self, OpenSsl};
use certwright::x509::key_kind::KeyType;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn within(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(args).run()
}

/// A folder with `ca/ca.crt` and `ca/ca.key`.
fn folder_with_ca(key_type: &str) -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    let make = ["issue", "--make-ca", "--cn", "Shop CA", "--out-dir", "ca", "--key-type", key_type];
    within(folder.path(), &make).expect_code(0);
    folder
}

const BY_CA: [&str; 4] = ["--ca", "ca/ca.crt", "--ca-key", "ca/ca.key"];

/// Runs a shell script of OpenSSL commands in the folder.
fn script(folder: &Path, script: &str) {
    let ran = Command::new("sh").args(["-ec", script]).current_dir(folder).output();
    let ran = ran.expect("sh starts");
    assert!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// Whether OpenSSL takes the pair in `folder` for the host, trusting `ca.crt` in it alone.
fn openssl_verifies(openssl: &OpenSsl, folder: &Path, host: &str) -> Result<String, String> {
    let (root, leaf) = (path(folder, "ca.crt"), path(folder, "tls.crt"));
    let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", host];
    openssl.ask(&[&verify[..], &["-CAfile", &root, "-untrusted", &leaf, &leaf]].concat())
}

fn webpki_verifies(folder: &Path, host: &str) -> Result<(), String> {
    let all = |name: &str| -> Vec<CertificateDer<'static>> {
        let found = CertificateDer::pem_file_iter(folder.join(name)).expect("it can be opened");
        found.collect::<Result<_, _>>().expect("it is PEM")
    };
    let (chain, roots) = (all("tls.crt"), all("ca.crt"));
    let anchor = webpki::anchor_from_trusted_cert(&roots[0]).map_err(|e| format!("{e:?}"))?;
    let leaf = webpki::EndEntityCert::try_from(&chain[0]).map_err(|e| format!("{e:?}"))?;
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        &chain[1..],
        UnixTime::now(),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    )
    .map_err(|error| format!("{error:?}"))?;
    let host = ServerName::try_from(host).map_err(|error| error.to_string())?;
    leaf.verify_is_valid_for_subject_name(&host).map_err(|error| format!("{error:?}"))
}

#[test]
fn what_a_ca_of_any_key_type_signs_is_accepted_by_everybody_who_trusts_it() {
    let test = "what_a_ca_of_any_key_type_signs_is_accepted_by_everybody_who_trusts_it";
    let Some(openssl) = witness::openssl(test) else { return };
    let cases = TempDir::new().expect("a temp folder can be made");
    for ca_type in KeyType::ALL {
        let folder = folder_with_ca(ca_type.as_str());
        for leaf_type in [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048] {
            let label = format!("{leaf_type}-by-{ca_type}");
            let out = path(cases.path(), &label);
            let issue =
                ["issue", "shop.example", "--key-type", leaf_type.as_str(), "--out-dir", &out];
            within(folder.path(), &[&issue[..], &BY_CA].concat()).expect_code(0);
            let out = Path::new(&out);
            let verified = openssl_verifies(&openssl, out, "shop.example");
            assert!(verified.is_ok(), "{label}: {verified:?}");
            assert_eq!(webpki_verifies(out, "shop.example"), Ok(()), "{label}");
            assert!(webpki_verifies(out, "other.example").is_err(), "{label}");
            fs::write(out.join("root.pem"), read(out, "ca.crt")).expect("it can be written");
            fs::write(out.join("host"), "shop.example").expect("it can be written");
        }
    }
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let Some(told) = witness::go_clients(test, cases.path(), now) else { return };
    assert_eq!(told.len(), 24);
    for (case, go) in told {
        assert_eq!(go.complaint, None, "{case}");
    }
}

/// The head of an OpenSSL configuration that knows two attributes which nobody else does.
const ODD: &str = "oid_section=oids\n[oids]\nodd=2.50.1\nother=2.999.7\n";

#[test]
fn a_ca_of_any_name_is_its_leafs_issuer_to_the_byte() {
    let test = "a_ca_of_any_name_is_its_leafs_issuer_to_the_byte";
    let Some(openssl) = witness::openssl(test) else { return };
    let (folder, cases) = (TempDir::new(), TempDir::new());
    let folder = folder.expect("a temp folder can be made");
    let cases = cases.expect("a temp folder can be made");
    // The masks are ASN1_STRING types: T61String, BMPString, UniversalString.
    let names = [
        ("directory", "utf8only", "/DC=example/DC=corp/CN=corp-DC1-CA"),
        ("units", "utf8only", "/DC=com/OU=A/OU=B/CN=x"),
        ("several", "utf8only", "/CN=M+serialNumber=7/O=O"),
        ("unusual", "utf8only", "/odd=odd/other=odd/CN=Unusual"),
        ("t61", "MASK:0x4", "/O=K\u{e4}se/CN=P"),
        ("bmp", "MASK:0x800", "/O=Org/CN=Bmp"),
        ("universal", "MASK:0x100", "/CN=Univ"),
        ("ended", "utf8only", "/CN=X/O=O/C=DE"),
    ];
    for (name, mask, subject) in names {
        let config = format!(
            "{ODD}[req]\ndistinguished_name=dn\nstring_mask={mask}\nx509_extensions=ext\n[dn]\n[ext]\n\
             basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"
        );
        fs::write(folder.path().join("req.cnf"), config).expect("it can be written");
        script(
            folder.path(),
            &format!(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -utf8 \
                   -config req.cnf -subj '{subject}' -keyout {name}.key -out {name}.crt 2>/dev/null"
            ),
        );
        let (certificate, key, out) =
            (format!("{name}.crt"), format!("{name}.key"), path(cases.path(), name));
        let issue = ["issue", "shop.example", "--key-type", "p256", "--out-dir", &out];
        let by_ca = ["--ca", &certificate, "--ca-key", &key];
        within(folder.path(), &[&issue[..], &by_ca].concat()).expect_code(0);
        let out = Path::new(&out);
        let verified = openssl_verifies(&openssl, out, "shop.example");
        assert!(verified.is_ok(), "{name}: {verified:?}");
        assert_eq!(webpki_verifies(out, "shop.example"), Ok(()), "{name}");
        fs::write(out.join("root.pem"), read(out, "ca.crt")).expect("it can be written");
        fs::write(out.join("host"), "shop.example").expect("it can be written");
    }
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let Some(told) = witness::go_clients(test, cases.path(), now) else { return };
    assert_eq!(told.len(), names.len());
    for (case, go) in told {
        assert_eq!(go.complaint, None, "{case}");
    }
}

#[test]
fn identifiers_beyond_2_40_are_kept_and_one_that_cannot_be_written_stops_no_other() {
    let test = "identifiers_beyond_2_40_are_kept_and_one_that_cannot_be_written_stops_no_other";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let usage = "-addext extendedKeyUsage=serverAuth";
    let config = format!("{ODD}[req]\ndistinguished_name=dn\n[dn]\n");
    fs::write(folder.path().join("req.cnf"), config).expect("it can be written");
    let uuid = "2.25.329800735698586629295641978511506172918";
    for (name, more) in [
        ("name", "-subj /odd=odd/CN=a.example".to_owned()),
        ("usage", format!("-subj /CN=a.example {usage},2.50.1.2")),
        ("uuid", format!("-subj /CN=a.example {usage},{uuid}")),
        ("well", format!("-subj /CN=a.example {usage}")),
    ] {
        script(
            folder.path(),
            &format!(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -config req.cnf {more} \
                   -addext subjectAltName=DNS:a.example -addext basicConstraints=CA:FALSE \
                   -keyout {name}.key -out {name}.crt 2>/dev/null"
            ),
        );
        let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
        let import = ["import", name, "--cert", &certificate, "--key", &key];
        let printed = ["--dry-run=client", "-o", "yaml"];
        let manifest =
            within(folder.path(), &[&import[..], &printed].concat()).expect_code(0).stdout;
        let all = folder.path().join("all.yaml");
        let before = fs::read_to_string(&all).unwrap_or_default();
        fs::write(all, format!("{before}---\n{manifest}")).expect("it can be written");
    }
    let rotate = ["rotate", "--all", "--yes", "-n", "default", "-f", "all.yaml", "--in-place"];
    let ran = within(folder.path(), &rotate).expect_code(4);
    assert!(ran.stdout.contains("3 replaced, 1 failed"), "{}{}", ran.stdout, ran.stderr);
    let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&format!("{uuid} has a number over 64 bits")), "{told}");
    let text = read(folder.path(), "all.yaml");
    for (secret, kept) in [
        ("name", "2.50.1=odd, CN=a.example"),
        ("usage", "Authentication, 2.50.1.2"),
        ("uuid", uuid),
    ] {
        let found = text.split("---").find(|part| part.contains(&format!("name: {secret}\n")));
        let found: k8s_openapi::api::core::v1::Secret =
            serde_saphyr::from_str(found.expect("it is there")).expect("it is a Secret");
        let file = path(folder.path(), secret);
        let data = found.data.unwrap_or_default();
        fs::write(&file, &data["tls.crt"].0).expect("it can be written");
        let said = openssl.ask(&["x509", "-noout", "-text", "-in", &file]).expect("it reads it");
        let said = said.replace(" = ", "=");
        assert!(said.contains(kept), "{secret}: {said}");
    }
}

#[test]
fn a_ca_lives_ten_years_signs_leaves_only_and_is_no_server() {
    let test = "a_ca_lives_ten_years_signs_leaves_only_and_is_no_server";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder_with_ca("p256");
    let certificate = path(folder.path(), "ca/ca.crt");
    let said = openssl.ask(&["x509", "-noout", "-text", "-in", &certificate]).expect("it reads it");
    for part in [
        "CA:TRUE, pathlen:0",
        "Certificate Sign, CRL Sign",
        "X509v3 Subject Key Identifier",
        "Subject: CN = Shop CA",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for part in ["Subject Alternative Name", "Extended Key Usage"] {
        assert!(!said.contains(part), "{part}: {said}");
    }
    let mode = fs::metadata(folder.path().join("ca/ca.key")).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let inspected = within(folder.path(), &["inspect", "ca/ca.crt", "-o", "json"]).json();
    let certificate = &inspected["certificates"][0];
    let instant = |field: &str| {
        certwright::instant::parse(certificate[field].as_str().expect("an instant"))
            .expect("an instant")
    };
    let days = (instant("notAfter") - instant("notBefore")).whole_days();
    assert_eq!(days, 3650);
    assert_eq!(inspected["findings"], serde_json::json!([]), "a CA is clean");
    assert_eq!(inspected["clients"], serde_json::json!([]), "and no server");
}

#[test]
fn a_leaf_never_outlives_its_ca_and_that_is_said() {
    let folder = folder_with_ca("p256");
    let issue =
        ["issue", "shop.example", "--key-type", "p256", "--lifetime", "9999d", "-o", "json"];
    let told = within(folder.path(), &[&issue[..], &BY_CA].concat()).expect_code(0).json();
    let ca = within(folder.path(), &["inspect", "ca/ca.crt", "-o", "json"]).json();
    let ends = ca["certificates"][0]["notAfter"].as_str().expect("an instant").to_owned();
    assert_eq!(told["steps"][0]["after"]["notAfter"], ends.as_str());
    let note = told["notes"][0].as_str().expect("a note");
    assert!(note.contains(&ends) && note.contains("CN=Shop CA"), "{note}");
}

#[test]
fn the_chain_goes_into_tls_crt_without_the_root_and_the_root_into_ca_crt() {
    let test = "the_chain_goes_into_tls_crt_without_the_root_and_the_root_into_ca_crt";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    script(folder.path(), MIDDLE);
    script(
        folder.path(),
        "cat middle.crt root.crt > both.crt; cat root.crt middle.crt > turned.crt",
    );
    for ca in ["both.crt", "turned.crt"] {
        let issue = ["issue", "shop.example", "--key-type", "p256", "--out-dir", ca, "--force"];
        let out = format!("out-{ca}");
        let issue =
            [&issue[..4], &["--out-dir", &out, "--ca", ca, "--ca-key", "middle.key"]].concat();
        within(folder.path(), &issue).expect_code(0);
        let out = folder.path().join(&out);
        let (chain, root) = (read(&out, "tls.crt"), read(&out, "ca.crt"));
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2, "{ca}");
        assert!(chain.ends_with(&read(folder.path(), "middle.crt")), "{ca}");
        assert_eq!(root, read(folder.path(), "root.crt"), "{ca}");
        let verified = openssl_verifies(&openssl, &out, "shop.example");
        assert!(verified.is_ok(), "{verified:?}");
        assert_eq!(webpki_verifies(&out, "shop.example"), Ok(()));
    }
    // Without the root, there is no ca.crt to write; that is said.
    let issue = ["issue", "shop.example", "--key-type", "p256", "--out-dir", "rootless"];
    let ca = ["--ca", "middle.crt", "--ca-key", "middle.key"];
    let ran = within(folder.path(), &[&issue[..], &ca].concat()).expect_code(0);
    assert!(ran.stdout.contains("--ca holds no root"), "{}", ran.stdout);
    assert!(!folder.path().join("rootless/ca.crt").exists());
}

/// A root, and an intermediate below it that may sign leaves.
const MIDDLE: &str = "
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 400 -subj '/O=Org/CN=Root' \
  -keyout root.key -out root.crt -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/O=Org/CN=Middle' -keyout middle.key -out middle.csr 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > middle.ext
openssl x509 -req -in middle.csr -CA root.crt -CAkey root.key -CAcreateserial -days 300 -extfile middle.ext -out middle.crt 2>/dev/null
";

#[test]
fn a_ca_that_may_not_sign_is_refused_before_anything_is_made() {
    let test = "a_ca_that_may_not_sign_is_refused_before_anything_is_made";
    if witness::openssl(test).is_none() {
        return;
    }
    let folder = TempDir::new().expect("a temp folder can be made");
    let new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout";
    script(
        folder.path(),
        &format!(
            "{new} leaf.key -out leaf.crt -subj /CN=leaf -addext basicConstraints=CA:FALSE 2>/dev/null
             {new} crl.key -out crl.crt -subj /CN=crl -addext keyUsage=critical,cRLSign 2>/dev/null
             {new} zero.key -out zero.crt -subj /CN=zero -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
               -config /etc/ssl/openssl.cnf 2>/dev/null
             openssl req -new -key crl.key -subj /CN=below -out below.csr
             printf 'basicConstraints=critical,CA:TRUE\\n' > below.ext
             openssl x509 -req -in below.csr -CA zero.crt -CAkey zero.key -CAcreateserial -days 9 -extfile below.ext -out below.crt 2>/dev/null
             cat below.crt zero.crt > below-zero.crt
             openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:secp521r1 -out big.key
             openssl req -x509 -new -key big.key -days 30 -subj /CN=big -out big.crt
             openssl x509 -req -in below.csr -signkey crl.key -days -1 -extfile below.ext -out over.crt 2>/dev/null"
        ),
    );
    for (ca, key, told) in [
        ("leaf.crt", "leaf.key", "does not say CA:TRUE"),
        ("crl.crt", "crl.key", "lacks keyCertSign"),
        ("zero.crt", "leaf.key", "none of the certificates in it is the private key's"),
        ("below-zero.crt", "crl.key", "allows no CA so far below it (path length 0)"),
        ("big.crt", "big.key", "of type p521, which cannot sign here"),
        ("over.crt", "crl.key", "CN=below expired on "),
        ("leaf.key", "leaf.key", "there is no certificate in it"),
        ("gone.crt", "leaf.key", "gone.crt"),
    ] {
        let issue = ["issue", "shop.example", "--key-type", "p256", "--ca", ca, "--ca-key", key];
        let ran = within(folder.path(), &issue).expect_code(4);
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(told), "{ca}: {said}");
        assert!(!folder.path().join("tls.key").exists(), "{ca}: nothing is written");
    }
    // A leaf of its CA's name would look like its own issuer.
    let named =
        ["issue", "shop.example", "--cn", "zero", "--ca", "zero.crt", "--ca-key", "zero.key"];
    let ran = within(folder.path(), &named).expect_code(4);
    let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("choose another --cn"), "{told}");
}

#[test]
fn a_request_is_signed_for_its_names_and_key_and_nothing_else_of_it() {
    let test = "a_request_is_signed_for_its_names_and_key_and_nothing_else_of_it";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder_with_ca("p256");
    // P-384 with SHA-256: another digest than the curve suggests, as OpenSSL writes it.
    script(
        folder.path(),
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -sha256 -nodes -keyout tls.key -out greedy.csr \
           -subj '/O=Somebody Else/CN=shop.example' -addext subjectAltName=DNS:shop.example,IP:10.0.0.1 \
           -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign -addext extendedKeyUsage=codeSigning \
           -addext certificatePolicies=1.2.3.4 2>/dev/null",
    );
    let sign = ["issue", "--from-csr", "greedy.csr"];
    let ran = within(folder.path(), &[&sign[..], &BY_CA].concat()).expect_code(0);
    for exclusion in [
        "CA:TRUE",
        "keyCertSign",
        "the extended key usage codeSigning",
        "O=Somebody Else",
        "the extension 2.5.29.32",
    ] {
        let told = format!("note: ignored from the CSR: {exclusion}");
        assert!(
            ran.stderr.contains(&told) || ran.stderr.contains(exclusion),
            "{exclusion}: {}",
            ran.stderr
        );
    }
    let leaf = path(folder.path(), "tls.crt");
    let said = openssl.ask(&["x509", "-noout", "-text", "-in", &leaf]).expect("it reads it");
    for part in
        ["CA:FALSE", "TLS Web Server Authentication", "DNS:shop.example, IP Address:10.0.0.1"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    for part in ["CA:TRUE", "Code Signing", "Certificate Sign", "Policies", "Somebody Else"] {
        assert!(!said.contains(part), "{part}: {said}");
    }
    let key = path(folder.path(), "tls.key");
    let of_key = openssl.ask(&["pkey", "-in", &key, "-pubout"]);
    assert_eq!(openssl.ask(&["x509", "-noout", "-pubkey", "-in", &leaf]), of_key, "its own key");
    let verified = openssl_verifies(&openssl, folder.path(), "shop.example");
    assert!(verified.is_ok(), "{verified:?}");
}

/// Whether OpenSSL takes the certificate in `folder` for this purpose, trusting `ca.crt` alone.
fn is_good_for(openssl: &OpenSsl, folder: &Path, purpose: &str) -> bool {
    let (root, leaf) = (path(folder, "ca.crt"), path(folder, "tls.crt"));
    openssl.ask(&["verify", "-x509_strict", "-purpose", purpose, "-CAfile", &root, &leaf]).is_ok()
}

#[test]
fn a_request_gets_the_usage_that_the_signer_agreed_to_and_is_told_of_the_rest_first() {
    let test = "a_request_gets_the_usage_that_the_signer_agreed_to_and_is_told_of_the_rest_first";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder_with_ca("p256");
    script(
        folder.path(),
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout dev.key -out dev.csr \
           -subj '/O=Plant 7/CN=device-17.plant.example' -addext subjectAltName=DNS:device-17.plant.example \
           -addext extendedKeyUsage=clientAuth 2>/dev/null",
    );
    let organization = "ignored from the CSR: O=Plant 7";
    let usage =
        "ignored from the CSR: the extended key usage clientAuth, which --usage client takes";
    for (flags, notes, client, server) in [
        (&[][..], &[organization, usage][..], false, true),
        (&["--usage", "server"], &[organization, usage], false, true),
        (&["--usage", "client"], &[organization], true, false),
        (&["--usage", "clientAuth"], &[organization], true, false),
        (&["--usage", "both"], &[organization], true, true),
    ] {
        let sign = [&["issue", "--from-csr", "dev.csr", "--force"][..], &BY_CA, flags].concat();
        let planned = within(folder.path(), &[&sign[..], &["--dry-run"]].concat());
        let planned = planned.expect_code(0).stdout;
        let planned = planned.split_whitespace().collect::<Vec<_>>().join(" ");
        let signed = within(folder.path(), &sign).expect_code(0);
        let (told, shown) = (signed.flat_stderr(), &signed.stdout);
        for note in notes {
            assert!(planned.contains(note), "{flags:?}: {planned}");
            assert!(told.contains(&format!("note: {note}")), "{flags:?}: {told}");
            assert!(!shown.contains(note), "it is said once: {shown}");
        }
        assert_eq!(told.contains(usage), notes.contains(&usage), "{flags:?}: {told}");
        let json = within(folder.path(), &[&sign[..], &["-o", "json"]].concat()).json();
        assert!(json["notes"].to_string().contains(organization), "{json}");
        for (purpose, expected) in [("sslclient", client), ("sslserver", server)] {
            let good = is_good_for(&openssl, folder.path(), purpose);
            assert_eq!(good, expected, "{flags:?}: {purpose}");
        }
    }
}

#[test]
fn a_client_certificate_is_made_for_a_common_name_alone() {
    let test = "a_client_certificate_is_made_for_a_common_name_alone";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder_with_ca("p256");
    let issue = ["issue", "--usage", "client", "--key-type", "p256"];
    let alice = [&issue[..], &["--cn", "Alice A."], &BY_CA].concat();
    let planned = within(folder.path(), &[&alice[..], &["--dry-run"]].concat()).expect_code(0);
    assert!(planned.stdout.contains("no SAN (CN=Alice A.)"), "{}", planned.stdout);
    within(folder.path(), &alice).expect_code(0);
    assert!(is_good_for(&openssl, folder.path(), "sslclient"));
    assert!(!is_good_for(&openssl, folder.path(), "sslserver"));
    let leaf = path(folder.path(), "tls.crt");
    let subject = openssl.ask(&["x509", "-noout", "-subject", "-in", &leaf]).expect("it reads it");
    assert_eq!(subject.trim(), "subject=CN = Alice A.");
    // What the request asks for is what the flag says.
    within(folder.path(), &[&issue[..], &["--cn", "bob", "--csr", "--out-dir", "bob"]].concat())
        .expect_code(0);
    let csr = path(folder.path(), "bob/tls.csr");
    let said = openssl.ask(&["req", "-noout", "-text", "-in", &csr]).expect("it reads it");
    assert!(said.contains("TLS Web Client Authentication"), "{said}");
    assert!(!said.contains("Server Authentication"), "{said}");
    for (flags, told) in [
        (&["--usage", "client"][..], "a client's certificate needs a name: --cn"),
        (&["--usage", "both", "--cn", "x"], "a certificate needs at least one name: a domain"),
    ] {
        let ran = within(folder.path(), &[&["issue"], flags].concat()).expect_code(2);
        assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
    }
}

#[test]
fn a_request_that_is_made_here_is_read_by_openssl_and_signed_here() {
    let test = "a_request_that_is_made_here_is_read_by_openssl_and_signed_here";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder_with_ca("ed25519");
    for key_type in KeyType::ALL {
        let out = key_type.as_str();
        let names = [
            "münchen.example",
            "--ip",
            "2001:db8::1",
            "--email",
            "a@b.example",
            "--uri",
            "spiffe://x/y",
        ];
        let make = ["issue", "--csr", "--key-type", out, "--out-dir", out];
        within(folder.path(), &[&make[..], &names].concat()).expect_code(0);
        let csr = path(folder.path(), &format!("{out}/tls.csr"));
        let said =
            openssl.ask(&["req", "-noout", "-verify", "-text", "-in", &csr]).expect("it reads it");
        assert!(said.contains("DNS:xn--mnchen-3ya.example, IP Address:2001:DB8:0:0:0:0:0:1, email:a@b.example, URI:spiffe://x/y"), "{said}");
        let sign = ["issue", "--from-csr", &csr, "--out-dir", out];
        within(folder.path(), &[&sign[..], &BY_CA].concat()).expect_code(0);
        let out = folder.path().join(out);
        assert_eq!(webpki_verifies(&out, "xn--mnchen-3ya.example"), Ok(()), "{key_type}");
    }
}

#[test]
fn a_request_that_is_forged_weak_or_names_nothing_is_refused() {
    let test = "a_request_that_is_forged_weak_or_names_nothing_is_refused";
    if witness::openssl(test).is_none() {
        return;
    }
    let folder = folder_with_ca("p256");
    let new = "openssl req -new -nodes -keyout k.key -newkey";
    script(
        folder.path(),
        &format!(
            "{new} rsa:1024 -subj /CN=a.example -out weak.csr 2>/dev/null
             {new} ec -pkeyopt ec_paramgen_curve:secp521r1 -subj /CN=a.example -out big.csr 2>/dev/null
             {new} ed25519 -subj '/CN=No Host' -out nameless.csr 2>/dev/null
             {new} ed25519 -subj /CN=a.example -addext subjectAltName=DNS:a..example -out bad-name.csr 2>/dev/null
             {new} ed25519 -subj /CN=a.example -out good.csr 2>/dev/null
             {new} ed25519 -subj /CN=b.example -out other.csr 2>/dev/null
             openssl req -in good.csr -outform DER -out good.der; openssl req -in other.csr -outform DER -out other.der
             size=$(($(wc -c < good.der) - 64))
             (head -c $size good.der; tail -c 64 other.der) > forged.csr"
        ),
    );
    for (csr, told) in [
        ("weak.csr", "its key is of type rsa-1024"),
        ("big.csr", "its key is of type p521"),
        ("nameless.csr", "needs at least one name"),
        ("bad-name.csr", "it has an empty label"),
        ("forged.csr", "its signature is not that of its own key"),
        ("k.key", "there is no PEM block of a certificate request in it"),
    ] {
        let sign = ["issue", "--from-csr", csr];
        let ran = within(folder.path(), &[&sign[..], &BY_CA].concat()).expect_code(4);
        assert!(ran.stderr.contains(told), "{csr}: {}", ran.stderr);
    }
    let sign = ["issue", "--from-csr", "good.der"];
    within(folder.path(), &[&sign[..], &BY_CA].concat()).expect_code(0);
    // A common name alone is a host that was asked for, and becomes a SAN.
    let said = within(folder.path(), &["inspect", "tls.crt"]).expect_code(0).stdout;
    assert!(said.contains("names        a.example"), "{said}");
}

#[test]
fn a_request_signed_by_what_cannot_be_checked_is_told_from_a_forged_one() {
    let test = "a_request_signed_by_what_cannot_be_checked_is_told_from_a_forged_one";
    if witness::openssl(test).is_none() {
        return;
    }
    let folder = folder_with_ca("p256");
    let (rsa, ec) =
        ("rsa:2048", "ec -pkeyopt ec_paramgen_curve:prime256v1 -pkeyopt ec_param_enc:named_curve");
    let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen";
    let unchecked = |algorithm: &str| {
        format!(
            "it is signed with {algorithm}, which cannot be checked here; make it again with SHA-256"
        )
    };
    for (name, key, options, told) in [
        ("ec-384", ec, "-sha384".to_owned(), None),
        ("pss-256", rsa, format!("-sha256 {pss}:32"), None),
        ("pss-384", rsa, format!("-sha384 {pss}:48"), None),
        ("pss-512", rsa, format!("-sha512 {pss}:digest"), None),
        ("rsa-1", rsa, "-sha1".to_owned(), None),
        ("ec-512", ec, "-sha512".to_owned(), Some(unchecked("SHA-512 with ECDSA"))),
        ("pss-1", rsa, format!("-sha1 {pss}:20"), Some(unchecked("SHA-1 with RSA-PSS"))),
        ("pss-salt", rsa, format!("-sha256 {pss}:8"), Some(unchecked("SHA-256 with RSA-PSS"))),
        ("rsa-224", rsa, "-sha224".to_owned(), Some(unchecked("SHA-224 with RSA"))),
    ] {
        script(
            folder.path(),
            &format!(
                "openssl req -new -nodes -newkey {key} {options} -keyout k.key -subj /CN=a.example -out {name}.csr 2>/dev/null
                 openssl req -in {name}.csr -verify -noout 2>/dev/null"
            ),
        );
        let csr = format!("{name}.csr");
        let sign = ["issue", "--from-csr", &csr, "--out-dir", name];
        let ran = within(folder.path(), &[&sign[..], &BY_CA].concat());
        match told {
            None => drop(ran.expect_code(0)),
            Some(told) => {
                let ran = ran.expect_code(4);
                let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(said.contains(&told), "{name}: {said}");
            }
        }
    }
    script(
        folder.path(),
        "openssl req -in pss-256.csr -outform DER -out a.der; openssl req -in pss-384.csr -outform DER -out b.der
         (head -c $(($(wc -c < a.der) - 256)) a.der; tail -c 256 b.der) > forged.csr",
    );
    let sign = ["issue", "--from-csr", "forged.csr"];
    let ran = within(folder.path(), &[&sign[..], &BY_CA].concat()).expect_code(4);
    assert!(ran.stderr.contains("its signature is not that of its own key"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_with_a_ca_is_said_of_the_file_that_is_wrong() {
    let test = "what_is_wrong_with_a_ca_is_said_of_the_file_that_is_wrong";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    script(
        folder.path(),
        &format!(
            "{MIDDLE}
             openssl pkey -in root.key -aes128 -passout pass:x -out locked.key
             openssl x509 -in root.crt -outform DER -out root.der; openssl ec -in root.key -outform DER -out key.der 2>/dev/null
             head -n 3 middle.ext > below.ext; openssl req -new -key root.key -subj /O=Org/CN=Root -out old.csr; openssl x509 -req -in old.csr -signkey root.key -days 9 -out old.crt 2>/dev/null
             openssl x509 -req -in middle.csr -CA old.crt -CAkey root.key -CAcreateserial -days 9 -extfile below.ext -out below.crt 2>/dev/null
             cat below.crt old.crt > below-old.crt; cat root.crt root.key > both.pem
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=Narrow -keyout narrow.key -out narrow.crt \
               -addext keyUsage=critical,keyCertSign -addext 'nameConstraints=critical,permitted;DNS:corp.example' 2>/dev/null"
        ),
    );
    let issue = ["issue", "shop.example", "--key-type", "p256", "--force", "--out-dir"];
    for (ca, key, out) in [
        ("root.der", "key.der", "der"),
        ("below-old.crt", "middle.key", "old"),
        ("both.pem", "both.pem", "both"),
    ] {
        let by = [out, "--ca", ca, "--ca-key", key];
        within(folder.path(), &[&issue[..], &by].concat()).expect_code(0);
        let verified = openssl_verifies(&openssl, &folder.path().join(out), "shop.example");
        // OpenSSL's strict mode wants a version 3 of a root too, and nobody else does.
        assert!(verified.is_ok() || out == "old", "{ca}: {verified:?}");
        assert_eq!(webpki_verifies(&folder.path().join(out), "shop.example"), Ok(()), "{ca}");
    }
    for (args, told) in [
        (
            &["--ca", "root.crt", "--ca-key", "locked.key"][..],
            "locked.key cannot sign: the private key is encrypted with a password; decrypt it and name the new file with --ca-key openssl pkey -in locked.key -out ca-clear.key",
        ),
        (
            &["--ca", "root.crt"],
            "root.crt cannot sign: there is no PEM block of a private key in it → name the CA's private key with --ca-key",
        ),
        (
            &["--ca", "root.crt", "--ca-key", "middle.key"],
            "the private key's → name the CA's own private key with --ca-key",
        ),
        (
            &["--ca", "root.key"],
            "root.key cannot sign: there is no certificate in it that can be read → name the CA's certificate with --ca",
        ),
        (
            &["--ca", "narrow.crt", "--ca-key", "narrow.key"],
            "narrow.crt cannot sign this: CN=Narrow: its name constraints permit \"corp.example\", and shop.example is outside that → name a CA",
        ),
    ] {
        for dry_run in [&["no"][..], &["no", "--dry-run"]] {
            let ran = within(folder.path(), &[&issue[..], dry_run, args].concat()).expect_code(4);
            let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(told), "{args:?}: {said}");
        }
    }
    assert!(!folder.path().join("no").exists(), "nothing is written");
}

#[test]
fn a_pkcs12_is_read_by_openssl_and_java_with_its_chain() {
    let test = "a_pkcs12_is_read_by_openssl_and_java_with_its_chain";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder_with_ca("p256");
    fs::write(folder.path().join("password"), "pass word: 1\n").expect("it can be written");
    for key_type in ["rsa-2048", "p256"] {
        let store = format!("{key_type}.p12");
        let issue = ["issue", "shop.example", "--key-type", key_type, "--force"];
        let p12 = ["--p12", &store, "--p12-password-file", "password"];
        within(folder.path(), &[&issue[..], &p12, &BY_CA].concat()).expect_code(0);
        let there = fs::metadata(folder.path().join(&store)).expect("it is there");
        assert_eq!(there.permissions().mode() & 0o777, 0o600);
        let (file, password) = (path(folder.path(), &store), path(folder.path(), "password"));
        let password = format!("file:{password}");
        let read = ["pkcs12", "-in", &file, "-passin", &password, "-nodes"];
        let all = openssl.ask(&read).expect("openssl opens it");
        assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 2, "leaf and root: {all}");
        let key = openssl.ask(&[&read[..], &["-nocerts"]].concat()).expect("openssl opens it");
        let body = |pem: &str| pem.split("-----").nth(2).unwrap_or_default().trim().to_owned();
        assert_eq!(body(&key), body(&read_key(folder.path())), "the key is the pair's");
        let info = [&read[..], &["-info", "-nokeys"]].concat();
        let info = Command::new("openssl").args(info).output().expect("openssl starts");
        let info = String::from_utf8_lossy(&info.stderr).into_owned();
        assert!(info.contains("AES-256-CBC") && info.contains("MAC: sha256"), "{info}");
        let wrong = ["pkcs12", "-in", &file, "-passin", "pass:wrong", "-nodes"];
        assert!(openssl.ask(&wrong).is_err());
        if !witness::succeeds(Command::new("keytool").arg("-help")) {
            witness::say("keytool is not here: Java was not asked about PKCS#12");
            continue;
        }
        let list = ["-list", "-v", "-storetype", "PKCS12", "-storepass:file"];
        let asked = Command::new("keytool")
            .args(["-J-Duser.language=en", "-J-Dfile.encoding=UTF-8", "-J-Dsun.jnu.encoding=UTF-8"])
            .args(list)
            .arg(folder.path().join("password"))
            .args(["-keystore", &file])
            .output()
            .expect("keytool starts");
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        assert!(said.contains("PrivateKeyEntry") && said.contains("chain length: 2"), "{said}");
    }
}

fn read_key(folder: &Path) -> String {
    read(folder, "tls.key")
}

#[test]
fn a_pkcs12_without_a_password_is_not_made() {
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::write(folder.path().join("empty"), "\n").expect("it can be written");
    // Java: "Password is not ASCII".
    fs::write(folder.path().join("foreign"), "pässword\n").expect("it can be written");
    for (args, told) in [
        (&["--p12", "a.p12"][..], "--p12-password-file"),
        (&["--p12", "a.p12", "--p12-password-file", "empty"], "into the first line of empty"),
        (&["--p12", "a.p12", "--p12-password-file", "foreign"], "into the first line of foreign"),
    ] {
        let issue = ["issue", "shop.example", "--key-type", "p256"];
        let ran = within(folder.path(), &[&issue[..], args].concat()).expect_code(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert!(!folder.path().join("tls.key").exists(), "nothing is written");
    }
}

#[test]
fn a_root_that_is_there_already_is_left_alone_and_another_one_is_not_replaced() {
    let folder = folder_with_ca("p256");
    fs::copy(folder.path().join("ca/ca.crt"), folder.path().join("ca.crt")).expect("copied");
    let issue = ["issue", "shop.example", "--key-type", "p256"];
    within(folder.path(), &[&issue[..], &BY_CA].concat()).expect_code(0);
    let other = folder_with_ca("p256");
    fs::remove_file(folder.path().join("tls.key")).expect("it was there");
    fs::remove_file(folder.path().join("tls.crt")).expect("it was there");
    let (certificate, key) = (path(other.path(), "ca/ca.crt"), path(other.path(), "ca/ca.key"));
    let by_other = ["--ca", &certificate, "--ca-key", &key];
    let ran = within(folder.path(), &[&issue[..], &by_other].concat()).expect_code(4);
    assert!(ran.stderr.contains("ca.crt exists already"), "{}", ran.stderr);
    assert!(!folder.path().join("tls.key").exists(), "nothing is written");
}

#[test]
fn what_is_read_is_never_overwritten_and_nothing_is_written_twice() {
    let test = "what_is_read_is_never_overwritten_and_nothing_is_written_twice";
    if witness::openssl(test).is_none() {
        return;
    }
    let folder = TempDir::new().expect("a temp folder can be made");
    script(
        folder.path(),
        &format!(
            "{MIDDLE}
             mkdir own sub asked; cat middle.crt root.crt > own/ca.crt; cp middle.key own/ca.key; cp root.crt own/root.crt
             cp own/ca.key own/tls.key; cp own/ca.crt own/tls.crt; ln -s ../own/ca.crt sub/link; ln -s own other
             echo 'pass word' > own/password; openssl req -new -key own/ca.key -subj /CN=a.example -out asked/tls.crt"
        ),
    );
    let before = every_file(&folder.path().join("own"));
    let issue = ["issue", "a.example", "--key-type", "p256", "--force"];
    let sign = ["issue", "--from-csr", "asked/tls.crt", "--force", "--out-dir", "asked"];
    let own = ["--out-dir", "own"];
    let by = ["--ca", "own/ca.crt", "--ca-key", "own/ca.key"];
    let password = ["--p12-password-file", "own/password"];
    for (args, told) in [
        ([&issue[..], &own, &by].concat(), "own/ca.crt would be overwritten, and --ca reads it"),
        ([&issue[..], &["--out-dir", "other"], &by].concat(), "and --ca reads it"),
        ([&issue[..], &["--out-dir", "./sub/../own/."], &by].concat(), "and --ca reads it"),
        (
            [&issue[..], &own, &["--ca", "sub/link", "--ca-key", "own/ca.key"]].concat(),
            "--ca reads",
        ),
        (
            [&issue[..], &own, &["--ca", "own/tls.crt", "--ca-key", "own/tls.key"]].concat(),
            "own/tls.key would be overwritten, and --ca-key reads it",
        ),
        ([&sign[..], &by].concat(), "asked/tls.crt would be overwritten, and --from-csr reads it"),
        (
            [&issue[..], &["--p12", "own/ca.key"], &password, &by].concat(),
            "own/ca.key would be overwritten, and --ca-key reads it",
        ),
        (
            [&issue[..], &["--p12", "own/password"], &password].concat(),
            "and --p12-password-file reads it",
        ),
        (
            [&issue[..], &["--out-dir", "new", "--p12", "sub/../new/tls.key"], &password].concat(),
            "tls.key would be written twice",
        ),
        (
            [&issue[..], &["--p12", "./tls.crt"], &password].concat(),
            "tls.crt would be written twice",
        ),
    ] {
        for dry_run in [&[][..], &["--dry-run"]] {
            let ran = within(folder.path(), &[&args[..], dry_run].concat()).expect_code(2);
            let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(told) && said.contains("choose another"), "{args:?}: {said}");
        }
    }
    assert_eq!(every_file(&folder.path().join("own")), before);
    assert!(!folder.path().join("new").exists() && !folder.path().join("tls.key").exists());
    let secret = ["--secret", "ca2", "--ca", "secret/ca2"];
    let ran = within(folder.path(), &[&issue[..], &secret].concat()).expect_code(2);
    assert!(ran.stderr.contains("--secret ca2 is the Secret of the CA"), "{}", ran.stderr);
    // A root beside the pair that it signs stays as it is.
    script(folder.path(), "mkdir plain; cp root.crt plain/ca.crt; cp root.key plain/ca.key");
    let plain = ["--ca", "plain/ca.crt", "--ca-key", "plain/ca.key", "--out-dir", "plain"];
    for _ in 0..2 {
        within(folder.path(), &[&issue[..], &plain].concat()).expect_code(0);
        assert_eq!(read(folder.path(), "plain/ca.crt"), read(folder.path(), "root.crt"));
    }
}

/// The files of a folder with what is in them.
fn every_file(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).expect("it is a folder").map(|file| file.expect("a file"));
    let mut files: Vec<_> = files
        .map(|file| (file.file_name().to_string_lossy().into_owned(), fs::read(file.path())))
        .map(|(name, bytes)| (name, bytes.expect("it can be read")))
        .collect();
    files.sort();
    files
}

#[test]
fn a_dry_run_refuses_what_the_real_run_would() {
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::write(folder.path().join("tls.crt"), "mine").expect("it can be written");
    fs::write(folder.path().join("file"), "mine").expect("it can be written");
    fs::write(folder.path().join("password"), "pass").expect("it can be written");
    let issue = ["issue", "a.example", "--key-type", "p256"];
    let p12 = ["--out-dir", "new", "--p12-password-file", "password", "--p12"];
    for (args, told) in [
        (&[][..], "./tls.crt ./tls.crt exists already; nothing was written → add --force"),
        (
            &["--out-dir", "file"],
            "file is a file, and a folder is needed there → choose another --out-dir",
        ),
        (&["--out-dir", "file/below"], "file is a file, and a folder is needed there"),
        (&[&p12[..], &["file/x.p12"]].concat(), "needed there → choose another --p12"),
        (
            &[&p12[..], &["file"]].concat(),
            "file exists already; nothing was written → add --force to replace it, or choose another --p12",
        ),
    ] {
        for dry_run in [&["--dry-run"][..], &[]] {
            let ran = within(folder.path(), &[&issue[..], args, dry_run].concat()).expect_code(4);
            let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(told), "{args:?}: {said}");
        }
    }
    within(folder.path(), &[&issue[..], &["--force", "--dry-run"]].concat()).expect_code(0);
    assert_eq!(read(folder.path(), "tls.crt"), "mine");
    assert!(!folder.path().join("tls.key").exists() && !folder.path().join("new").exists());
    // As kubectl's users write it, and never a certificate for a host of that name.
    let how = |how| [&issue[..], &["--force", "--dry-run", how]].concat();
    within(folder.path(), &how("client")).expect_code(0);
    let ran = within(folder.path(), &how("server")).expect_code(2);
    assert!(ran.stderr.contains("--dry-run=server needs --secret"), "{}", ran.stderr);
    let ran =
        within(folder.path(), &[&issue[..], &["client", "--dry-run"]].concat()).expect_code(2);
    assert!(ran.stderr.contains("write --dry-run=client"), "{}", ran.stderr);
    assert_eq!(read(folder.path(), "tls.crt"), "mine");
}

#[test]
fn every_file_that_is_written_is_named_on_one_line_and_in_json() {
    let folder = folder_with_ca("p256");
    fs::write(folder.path().join("password"), "pass").expect("it can be written");
    let out = "a-folder-with-a-rather-long-name";
    let keystore = format!("{out}/store.p12");
    let issue = ["issue", "shop.example", "--key-type", "p256", "--out-dir", out];
    let p12 = ["--p12", &keystore, "--p12-password-file", "password"];
    let all = [&issue[..], &p12, &BY_CA].concat();
    let told = within(folder.path(), &[&all[..], &["--dry-run", "-o", "json"]].concat()).json();
    let files: Vec<String> =
        ["tls.key", "tls.crt", "ca.crt", "store.p12"].map(|name| format!("{out}/{name}")).into();
    assert_eq!(told["steps"][0]["files"], serde_json::json!(files));
    let said = within(folder.path(), &all).expect_code(0).stdout;
    let head =
        format!("written  {out}/tls.key, {out}/tls.crt, {out}/ca.crt and {out}/store.p12  after: ");
    assert!(said.starts_with(&head), "{said}");
    let secret = ["issue", "a.example", "--csr", "-o", "json"];
    let told = within(folder.path(), &secret).json();
    assert_eq!(told["steps"][0]["files"], serde_json::json!(["./tls.key", "./tls.csr"]));
}

#[test]
fn a_ca_kept_in_a_secret_signs_into_another_secret() {
    let Some(live) = Live::new("a_ca_kept_in_a_secret_signs_into_another_secret") else { return };
    live.run(&[
        "issue",
        "--make-ca",
        "--cn",
        "Shop CA",
        "--key-type",
        "p256",
        "--secret",
        "shop-ca",
    ])
    .expect_code(0);
    let issue = ["issue", "shop.example", "--key-type", "p256", "--secret", "shop-tls"];
    live.run(&[&issue[..], &["--ca", "secret/shop-ca"]].concat()).expect_code(0);
    let (ca, leaf) = (live.secret("shop-ca"), live.secret("shop-tls"));
    assert_eq!(leaf["data"]["ca.crt"], ca["data"]["tls.crt"], "the root is for clients");
    let told = live.run(&["inspect", "secret/shop-tls", "-o", "json"]).expect_code(0).json();
    assert_eq!(told["certificates"].as_array().map(Vec::len), Some(1), "leaf without root");
    assert_eq!(told["certificates"][0]["issuer"], "CN=Shop CA");
    assert_eq!(told["findings"], serde_json::json!([]));
    let gone = live.run(&[&issue[..5], &["x", "--ca", "secret/gone"]].concat());
    assert!(gone.expect_code(4).stderr.contains("gone"));
}

#[test]
fn a_self_signed_pair_over_a_ca_signed_one_goes_into_ca_crt_too_and_what_is_lost_is_said() {
    let test =
        "a_self_signed_pair_over_a_ca_signed_one_goes_into_ca_crt_too_and_what_is_lost_is_said";
    let Some(live) = Live::new(test) else { return };
    let issue = ["issue", "--key-type", "p256", "--secret"];
    let make = ["shop-ca", "--make-ca", "--cn", "Shop CA"];
    live.run(&[&issue[..], &make].concat()).expect_code(0);
    let by_ca = ["shop-tls", "shop.example", "--ca", "secret/shop-ca"];
    live.run(&[&issue[..], &by_ca].concat()).expect_code(0);
    let ca = live.secret("shop-ca")["data"]["tls.crt"].clone();

    let over = ["shop-tls", "shop.example", "--force"];
    let ran = live.run(&[&issue[..], &over].concat()).expect_code(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("ca.crt holds CN=Shop CA, which did not sign the new"), "{said}");
    let after = live.secret("shop-tls");
    let text = |value: &serde_json::Value| {
        let value: k8s_openapi::ByteString =
            serde_json::from_value(value.clone()).expect("it is base64");
        String::from_utf8(value.0).expect("it is PEM")
    };
    let both = text(&after["data"]["tls.crt"]) + &text(&ca);
    assert_eq!(text(&after["data"]["ca.crt"]), both);

    // Once more: the certificate that goes is its own anchor now, as in a rotation.
    live.run(&[&issue[..], &over].concat()).expect_code(0);
    let again = live.secret("shop-tls");
    assert_eq!(text(&again["data"]["ca.crt"]), text(&again["data"]["tls.crt"]) + &both);

    let over = ["shop-ca", "shop.example", "--force", "--dry-run"];
    let ran = live.run(&[&issue[..], &over].concat()).expect_code(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("those of a CA, CN=Shop CA: without its key"), "{said}");

    live.kubectl(&["create", "secret", "generic", "plain", "--from-literal=other=x"]);
    let ran = live.run(&[&issue[..], &["plain", "a.example", "--force"]].concat()).expect_code(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("its type is \"Opaque\" and stays"), "{said}");
}

#[test]
fn rotate_renews_what_the_given_ca_signed_and_refuses_what_another_did() {
    let test = "rotate_renews_what_the_given_ca_signed_and_refuses_what_another_did";
    let Some(openssl) = witness::openssl(test) else { return };
    let (folder, other) = (folder_with_ca("p256"), folder_with_ca("p256"));
    let issue = ["issue", "shop.example", "--key-type", "p256", "--lifetime", "90d"];
    let printed = ["--secret", "shop-tls", "--dry-run=client", "-o", "yaml"];
    let manifest = within(folder.path(), &[&issue[..], &printed, &BY_CA].concat()).expect_code(0);
    fs::write(folder.path().join("secret.yaml"), &manifest.stdout).expect("it can be written");
    let rotate = ["rotate", "secret/shop-tls", "-f", "secret.yaml", "--in-place"];

    let refused = within(folder.path(), &rotate).expect_code(4);
    assert!(refused.stderr.contains("was issued by CN=Shop CA"), "{}", refused.stderr);
    let (certificate, key) = (path(other.path(), "ca/ca.crt"), path(other.path(), "ca/ca.key"));
    let by_other = ["--ca", &certificate, "--ca-key", &key];
    let refused = within(folder.path(), &[&rotate[..], &by_other].concat()).expect_code(4);
    assert!(refused.stderr.contains("and --ca is CN=Shop CA"), "{}", refused.stderr);
    assert_eq!(read(folder.path(), "secret.yaml"), manifest.stdout, "nothing was written");

    let rotated = within(folder.path(), &[&rotate[..], &BY_CA].concat()).expect_code(0);
    assert!(rotated.stdout.contains("by CN=Shop CA"), "{}", rotated.stdout);
    assert!(!rotated.stderr.contains("pinned"), "a root stays: {}", rotated.stderr);
    let secret: k8s_openapi::api::core::v1::Secret =
        serde_saphyr::from_str(&read(folder.path(), "secret.yaml")).expect("it is a Secret");
    let before: k8s_openapi::api::core::v1::Secret =
        serde_saphyr::from_str(&manifest.stdout).expect("it is a Secret");
    let (data, before) = (secret.data.unwrap_or_default(), before.data.unwrap_or_default());
    assert_eq!(data["ca.crt"], before["ca.crt"]);
    assert_ne!(data["tls.key"], before["tls.key"]);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("it can be made");
    for (name, value) in data {
        fs::write(out.join(name), value.0).expect("it can be written");
    }
    let verified = openssl_verifies(&openssl, &out, "shop.example");
    assert!(verified.is_ok(), "{verified:?}");
    let clean = within(folder.path(), &["check", "-f", "secret.yaml"]).expect_code(0);
    assert!(clean.stdout.contains("nothing to report"), "{}", clean.stdout);
}
