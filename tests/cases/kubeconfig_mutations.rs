//! Kubeconfigs that were good until somebody changed them: none makes a panic, a hang, or a client
//! that panics at its first request.
//!
//! Knows how to spoil text: flip, cut, double, splice, and put in what readers stumble over.
//! Refuses to know what a spoilt kubeconfig should come to. Whatever can be read is taken as far as
//! a client; plugins are not run, as a spoilt command could be any program. `fuzz/` has the same
//! reader for `cargo fuzz`, which looks for new paths; this asks more often.

use crate::support::dice::Dice;
use certwright::cluster::kubeconfig::login::Login;
use certwright::cluster::kubeconfig::proxy::{Variables, of_environment};
use certwright::cluster::kubeconfig::{Kubeconfig, Target};
use certwright::cluster::{ConnectOptions, connect};
use certwright::world::{Proxies, World};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The environment variable that says how many inputs are tried.
const VARIABLE: &str = "CERTWRIGHT_KUBECONFIG_MUTATIONS";
/// How many when nobody says: under a minute, unoptimised and on a busy machine.
const INPUTS: usize = 200_000;
/// One in so many of those that can be read becomes a client, and so do the first of them.
const CLIENTS: usize = 150;
/// No input may take so long, unoptimised and on a busy machine.
const HANG: Duration = Duration::from_secs(5);

/// What readers of YAML, URLs and headers stumble over.
const ODD: [&[u8]; 34] = [
    b"\n",
    b"\r",
    b"\0",
    b"\x07",
    b"\t",
    b" ",
    b"'",
    b"\"",
    b"\\n",
    b"\\u0000",
    b"\\uD800",
    b"://",
    b":",
    b"@",
    b"#",
    b"?",
    b"%",
    b"/",
    b"[",
    b"]",
    b"{",
    b"}",
    b"*k",
    b"&k",
    b"<<: *k",
    b"!!binary ",
    b"- ",
    b"~",
    b"y",
    b"1e999",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"99999999999999999999",
    b"server: ",
];

/// The good ones: `testdata/kubeconfigs`, which `fuzz/smoke.sh` starts from too.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kubeconfigs");
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).expect("it is read")).collect();
    for (seed, path) in seeds.iter().zip(&paths) {
        assert!(read(seed).is_some(), "{} is good before it is spoilt", path.display());
    }
    seeds
}

fn spoilt(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 => bytes.truncate(at),
            2 => {
                let end = (at + dice.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let end = (at + dice.below(200)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            5 if dice.below(100) == 0 => {
                let long = vec![b"x/[{"[dice.below(4)]; 70_000];
                bytes.splice(at..at, long);
            }
            6 if dice.below(20) == 0 => bytes = utf16(&bytes, dice.below(2) == 0),
            _ => {
                let odd = ODD[dice.below(ODD.len())];
                bytes.splice(at..at, odd.iter().copied());
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

fn utf16(bytes: &[u8], little: bool) -> Vec<u8> {
    let unit = if little { u16::to_le_bytes } else { u16::to_be_bytes };
    let text = String::from_utf8_lossy(bytes);
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

fn read(bytes: &[u8]) -> Option<Target> {
    let kubeconfig = Kubeconfig::parse(bytes, Path::new("/nowhere/config")).ok()?;
    let _ = (kubeconfig.nothing_chosen(), kubeconfig.choose(Some("gone")).is_err());
    let target = kubeconfig.choose(None).ok()??;
    let proxy = String::from_utf8_lossy(bytes.get(..20).unwrap_or_default()).into_owned();
    let variables = Variables { https: Some(&proxy), http: Some(&proxy), no: Some(&proxy) };
    let _ = of_environment(variables, &target.server);
    Some(target)
}

#[tokio::test]
async fn no_kubeconfig_makes_a_panic_nor_a_client_that_panics() {
    let inputs = std::env::var(VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(INPUTS);
    let mut dice = Dice::new("no_kubeconfig_makes_a_panic");
    let folder = TempDir::new().expect("a temp folder can be made");
    let path = folder.path().join("config");
    let (mut readable, mut clients) = (0, 0);
    let seeds = seeds();
    for _ in 0..inputs {
        let bytes = spoilt(&seeds, &mut dice);
        let begun = Instant::now();
        let target = read(&bytes);
        assert!(
            begun.elapsed() < HANG,
            "{:?} for {}",
            begun.elapsed(),
            String::from_utf8_lossy(&bytes)
        );
        let Some(target) = target else { continue };
        readable += 1;
        if matches!(target.login, Login::Plugin(_)) || (readable > 200 && readable % CLIENTS != 0) {
            continue;
        }
        fs::write(&path, &bytes).expect("written");
        clients += u32::from(becomes_a_client(&path).await);
    }
    // Else the spoiler spoils too much, or this tries too little.
    assert!(
        readable > inputs / 20 && clients > 100,
        "{readable} of {inputs} can be read, {clients} are clients"
    );
}

/// Builds the client, and asks it for something: it must come to an error, as nothing listens.
async fn becomes_a_client(path: &Path) -> bool {
    let options = ConnectOptions {
        kubeconfig: Some(path.to_owned()),
        request_timeout: Duration::from_millis(20),
        ..ConnectOptions::default()
    };
    // A proxy where nothing listens, so that no name is looked up.
    let world = World {
        proxies: Proxies {
            https: Some("127.0.0.1:1".into()),
            http: Some("127.0.0.1:1".into()),
            no: None,
        },
        pod: None,
        terminal: false,
        ..World::real()
    };
    let Ok(client) = connect(&options, &world).await else { return false };
    let namespace = client.default_namespace().to_owned();
    assert!(!namespace.is_empty(), "an empty namespace is all of them");
    client.has_namespace(&namespace).await.expect_err("nothing listens there");
    true
}
