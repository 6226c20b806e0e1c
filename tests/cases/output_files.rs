//! Where output goes wrong: the files that `issue` writes, and a standard output that does not take
//! what it is given.
//!
//! Knows modes, links, limits and full disks. Refuses to know what is inside a certificate.

use crate::support::binary::Certwright;
use crate::support::witness::{say, succeeds};
use certwright::x509::cert;
use certwright::x509::key::{Pairing, PrivateKey};
use certwright::x509::pem;
use ring::rand::SystemRandom;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// The key is made quickly, and nothing else about it matters here.
const ISSUE: [&str; 4] = ["issue", "shop.example", "--key-type", "p256"];
const FORCE: [&str; 5] = ["issue", "shop.example", "--key-type", "p256", "--force"];
const EXEC: &str = r#"exec "$0" "$@""#;

fn fresh() -> TempDir {
    TempDir::new().expect("a temp folder can be made")
}

/// A folder that holds a pair by certwright.
fn with_pair() -> TempDir {
    let folder = fresh();
    Certwright::new().folder(folder.path()).args(&ISSUE).run().expect_code(0);
    folder
}

/// Every file in `folder` with what it holds; where a link leads, for links.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let content = |path: &Path| match fs::read_link(path) {
        Ok(to) => format!("-> {}", to.display()).into_bytes(),
        Err(_) if path.is_dir() => b"(a folder)".to_vec(),
        Err(_) => fs::read(path).expect("the file can be read"),
    };
    let named = |entry: fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), content(&entry.path()))
    };
    entries.map(|entry| named(entry.expect("an entry can be read"))).collect()
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::symlink_metadata(path);
    metadata.unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

fn is_pair(folder: &Path) -> bool {
    let read = |name| fs::read(folder.join(name)).expect("it is there");
    let key = PrivateKey::from_pem(&read("tls.key")).expect("the key can be read");
    let block = pem::blocks(&read("tls.crt")).remove(0).der.expect("the PEM is good");
    let (_, public) = cert::read(block.expose()).expect("the certificate can be read");
    key.pairs_with(&public, &SystemRandom::new()) == Pairing::Match
}

// Modes.

#[test]
fn a_key_is_readable_by_its_owner_alone_whatever_the_umask() {
    for umask in [0o000, 0o022, 0o077, 0o777] {
        let folder = fresh();
        let run = |args: &[&str]| {
            let script = format!("umask {umask:03o}; {EXEC}");
            Certwright::under(&script).folder(folder.path()).args(args).run().expect_code(0);
            assert_eq!(mode(&folder.path().join("tls.key")), 0o600, "umask {umask:03o} {args:?}");
            let of_certificate = mode(&folder.path().join("tls.crt"));
            assert_eq!(of_certificate, 0o644 & !umask, "umask {umask:03o} {args:?}");
        };
        run(&ISSUE);
        // Nor does the mode of the key that is replaced count.
        fs::set_permissions(folder.path().join("tls.key"), fs::Permissions::from_mode(0o666))
            .expect("it is ours");
        run(&FORCE);
    }
}

/// Held open, so that its number in the file system is not given to another file.
struct Sighting {
    file: File,
    was_temporary: bool,
    modes: BTreeSet<u32>,
}

#[test]
fn a_watcher_never_sees_a_key_that_others_could_open() {
    // Each leaves a key and a certificate open with the watcher, who may have 1024 files open.
    const ROUNDS: usize = 100;
    let folder = fresh();
    let over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(folder.path(), &over));
        let script = format!("umask 000; {EXEC}");
        for _ in 0..ROUNDS {
            Certwright::under(&script).folder(folder.path()).args(&FORCE).run().expect_code(0);
        }
        over.store(true, Ordering::Relaxed);
        watcher.join().expect("the watcher watches to the end")
    });
    let mut temporary = 0;
    for mut sighting in seen {
        let mut text = String::new();
        sighting.file.read_to_string(&mut text).expect("what was opened can be read");
        if text.contains("PRIVATE KEY") {
            assert_eq!(sighting.modes, BTreeSet::from([0o600]), "a key was open to others");
            temporary += usize::from(sighting.was_temporary);
        }
    }
    if temporary == 0 {
        say("the watcher of output_files was too slow to see a key under its first name");
    }
}

fn watch(folder: &Path, over: &AtomicBool) -> Vec<Sighting> {
    let mut seen: BTreeMap<u64, Sighting> = BTreeMap::new();
    while !over.load(Ordering::Relaxed) {
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            let Ok(file) = File::open(entry.path()) else { continue };
            let Ok(metadata) = file.metadata() else { continue };
            if metadata.is_dir() {
                // Where old files stand aside until the new ones are in place.
                assert_eq!(metadata.mode() & 0o7777, 0o700, "{}", entry.path().display());
                continue;
            }
            let was_temporary = entry.file_name().to_string_lossy().starts_with('.');
            let sighting = Sighting { file, was_temporary, modes: BTreeSet::new() };
            let sighting = seen.entry(metadata.ino()).or_insert(sighting);
            sighting.modes.insert(metadata.mode() & 0o7777);
        }
    }
    seen.into_values().collect()
}

#[test]
fn a_key_is_opened_with_its_final_mode_in_the_eyes_of_strace() {
    if !succeeds(Command::new("strace").args(["-qq", "-o", "/dev/null", "true"])) {
        return say("not traced, for strace is not here or not allowed: the modes of a new key \
                    (a_watcher_never_sees_a_key_that_others_could_open watches them too)");
    }
    for args in [&ISSUE[..], &FORCE[..]] {
        let folder = fresh();
        let calls = "openat,fchmod,chmod,fchmodat,rename,renameat,renameat2,link,linkat";
        let script =
            format!("umask 000; exec strace -f -qq -o trace -e trace={calls} \"$0\" \"$@\"");
        Certwright::under(&script).folder(folder.path()).args(args).run().expect_code(0);
        let trace = fs::read_to_string(folder.path().join("trace")).expect("strace wrote it");
        let lines: Vec<&str> = trace.lines().collect();
        let is_placing = |line: &&str| line.contains("rename") && line.contains("/tls.key\"");
        let placed = lines.iter().position(is_placing).expect("the key is renamed into place");
        let temporary = lines[placed].split('"').nth(1).expect("a rename has two names");
        let opened = lines.iter().position(|line| line.contains(temporary));
        let opened = opened.expect("the key was opened under its first name");
        assert!(
            lines[opened].contains("O_CREAT|O_EXCL") && lines[opened].contains(", 0600) = "),
            "the key is new and its owner's alone from the start:\n{trace}"
        );
        for line in &lines[opened + 1..placed] {
            let is_of_key = line.contains("chmod") || line.contains(temporary);
            assert!(!is_of_key || line.contains(", 0600)"), "{line}\n{trace}");
        }
    }
}

// What is there already.

#[test]
fn what_is_there_is_refused_and_stays_as_it_is() {
    for there in [&["tls.key"][..], &["tls.crt"], &["tls.key", "tls.crt"]] {
        let folder = fresh();
        for name in there {
            fs::write(folder.path().join(name), "old\n").expect("it can be written");
        }
        let before = contents(folder.path());
        let ran = Certwright::new().folder(folder.path()).args(&ISSUE).run().expect_code(4);
        assert_eq!(contents(folder.path()), before, "{there:?}");
        let told = ran.flat_stderr();
        assert!(
            told.contains(&format!("./{} exists already; nothing was written", there[0])),
            "{told}"
        );
        assert!(told.contains("--force"), "{told}");
    }
}

#[test]
fn force_replaces_both_files() {
    let folder = with_pair();
    let before = contents(folder.path());
    Certwright::new().folder(folder.path()).args(&FORCE).run().expect_code(0);
    let after = contents(folder.path());
    assert!(after.keys().eq(before.keys()));
    assert!(after["tls.key"] != before["tls.key"] && after["tls.crt"] != before["tls.crt"]);
    assert!(is_pair(folder.path()));
}

#[test]
fn a_link_is_refused_and_with_force_replaced_and_never_followed() {
    for name in ["tls.key", "tls.crt"] {
        for to in ["file", "nowhere", "folder", "tls.key", "/dev/null"] {
            let (folder, elsewhere) = (fresh(), fresh());
            fs::write(elsewhere.path().join("file"), "precious\n").expect("it can be written");
            fs::create_dir(elsewhere.path().join("folder")).expect("it can be made");
            // `tls.key` leads to itself, or from the certificate to the key.
            let to = if to == "tls.key" { PathBuf::from(to) } else { elsewhere.path().join(to) };
            symlink(&to, folder.path().join(name)).expect("a link can be made");
            let (before, before_elsewhere) = (contents(folder.path()), contents(elsewhere.path()));
            let told = format!("{name} -> {}", to.display());

            let refused = Certwright::new().folder(folder.path()).args(&ISSUE).run();
            let refused = refused.expect_code(4).flat_stderr();
            assert!(refused.contains(&format!("{name} exists already")), "{told}: {refused}");
            assert_eq!(contents(folder.path()), before, "{told}");

            Certwright::new().folder(folder.path()).args(&FORCE).run().expect_code(0);
            assert_eq!(names(folder.path()), ["tls.crt", "tls.key"], "{told}");
            for name in ["tls.crt", "tls.key"] {
                assert!(!folder.path().join(name).is_symlink(), "{told}: {name} is a file now");
            }
            assert!(is_pair(folder.path()), "{told}");
            assert_eq!(mode(&folder.path().join("tls.key")), 0o600, "{told}");
            assert_eq!(contents(elsewhere.path()), before_elsewhere, "{told}");
        }
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused_even_with_force() {
    for name in ["tls.key", "tls.crt"] {
        let folder = fresh();
        fs::create_dir(folder.path().join(name)).expect("it can be made");
        for args in [&ISSUE[..], &FORCE[..]] {
            let ran = Certwright::new().folder(folder.path()).args(args).run().expect_code(4);
            assert!(ran.flat_stderr().contains(&format!("./{name} is a folder")), "{}", ran.stderr);
            assert_eq!(names(folder.path()), [name]);
        }
    }
}

// Folders.

#[test]
fn a_folder_that_is_not_there_is_made() {
    let folder = fresh();
    for name in ["new", "a/b/c", "./d/", "with space", "ümläut"] {
        let run = Certwright::new().folder(folder.path()).args(&ISSUE).args(&["--out-dir", name]);
        run.run().expect_code(0);
        assert_eq!(names(&folder.path().join(name)), ["tls.crt", "tls.key"], "{name}");
    }
}

#[test]
fn a_link_to_a_folder_is_a_folder() {
    let (folder, elsewhere) = (fresh(), fresh());
    symlink(elsewhere.path(), folder.path().join("out")).expect("a link can be made");
    let run = Certwright::new().folder(folder.path()).args(&ISSUE).args(&["--out-dir", "out"]);
    run.run().expect_code(0);
    assert_eq!(names(elsewhere.path()), ["tls.crt", "tls.key"]);
}

#[test]
fn a_place_where_no_file_can_be_is_told_by_its_path() {
    let folder = fresh();
    fs::write(folder.path().join("file"), "old\n").expect("it can be written");
    for place in ["file", "file/below", "/proc/certwright", "/proc", "/dev/null"] {
        let run = Certwright::new().folder(folder.path()).args(&FORCE).args(&["--out-dir", place]);
        let ran = run.run().expect_code(4);
        assert!(ran.flat_stderr().contains(&format!("cannot write {place}")), "{}", ran.stderr);
        assert_eq!(names(folder.path()), ["file"]);
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_told_by_its_path() {
    let folder = with_pair();
    let before = contents(folder.path());
    let is_root = fs::metadata(folder.path()).expect("it is there").uid() == 0;
    let run = if !is_root {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).expect("it is ours");
        Certwright::new()
    } else if mounts_are_allowed() {
        Certwright::under(
            r#"exec unshare -rm sh -c '
                mount --bind . . && mount -o remount,bind,ro . . && cd "$PWD" && exec "$0" "$@"
            ' "$0" "$@""#,
        )
    } else {
        return say(
            "not tried, for root may write everywhere and mounts are not allowed: a read-only \
             folder (a_place_where_no_file_can_be_is_told_by_its_path tries other places)",
        );
    };
    let ran = run.folder(folder.path()).args(&FORCE).run().expect_code(4);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("it is ours");
    assert!(ran.flat_stderr().contains("cannot write ./tls.key"), "{}", ran.stderr);
    assert_eq!(contents(folder.path()), before);
}

/// Whether a mount namespace of our own can be had, as root or as a user.
fn mounts_are_allowed() -> bool {
    let folder = fresh();
    let mount = "mount -t tmpfs -o size=4k none .";
    succeeds(Command::new("unshare").args(["-rm", "sh", "-c", mount]).current_dir(folder.path()))
}

// Killed runs.

/// A staged file by its name.
fn is_staged(name: &str) -> bool {
    name.starts_with(".certwright-tmp-")
}

#[test]
fn a_killed_run_leaves_only_what_its_owner_can_read_and_the_next_removes_it() {
    const ROUNDS: usize = 30;
    let folder = with_pair();
    let path = folder.path();
    let mut left = 0;
    for _ in 0..ROUNDS {
        let script = format!("umask 000; {EXEC}");
        let (mut command, _home) =
            Certwright::under(&script).folder(path).args(&FORCE).into_command();
        let mut child = command.stdout(Stdio::null()).spawn().expect("the binary starts");
        // As soon as anything is staged; a run that is over before that is as good.
        while !names(path).iter().any(|name| is_staged(name))
            && child.try_wait().expect("it can be asked").is_none()
        {}
        child.kill().expect("it can be killed, or is over");
        child.wait().expect("it is over");
        for name in names(path).iter().filter(|name| is_staged(name)) {
            left += 1;
            let staged = path.join(name);
            let wanted = if staged.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&staged), wanted, "{name}");
        }
    }
    assert!(left > 0, "no run was killed while it wrote");
    Certwright::new().folder(path).args(&FORCE).run().expect_code(0);
    assert_eq!(names(path), ["tls.crt", "tls.key"]);
    assert!(is_pair(path));
}

#[test]
fn what_a_living_run_or_somebody_else_put_there_stays() {
    let folder = with_pair();
    let path = folder.path();
    let stale = path.join(".certwright-tmp-aB3dE9");
    let others = [".certwright-tmp-notes", ".certwright-tmp-aB3dE9.yaml", ".certwright-aB3dE9"];
    for name in others.iter().map(|name| path.join(name)).chain([stale.clone()]) {
        fs::write(name, "old").expect("it can be written");
    }
    let in_use = File::create(path.join(".certwright-tmp-zzzzzz")).expect("it can be made");
    in_use.lock().expect("it can be locked");
    // The only copy of an old key may lie here until a new pair stands.
    let aside = path.join(".certwright-tmp-aside1");
    fs::create_dir(&aside).expect("it can be made");
    fs::write(aside.join("0"), "an old key").expect("it can be written");

    Certwright::new().folder(path).args(&ISSUE).run().expect_code(4);
    assert!(aside.join("0").exists(), "nothing was written in its place");
    Certwright::new().folder(path).args(&FORCE).run().expect_code(0);
    assert!(!stale.exists() && !aside.exists());
    let stay = [&others[..], &[".certwright-tmp-zzzzzz", "tls.crt", "tls.key"]].concat();
    assert_eq!(names(path).into_iter().collect::<BTreeSet<_>>(), owned(&stay));
}

fn owned(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

// Full disks.

#[test]
fn when_a_file_cannot_be_written_the_old_pair_stays_and_nothing_new() {
    let long = |number| format!("{}{number}.example", "a".repeat(50));
    let many: Vec<String> = (10..40).map(long).collect();
    // The unit of the limit is 512 or 1024 bytes: a P-256 key is smaller, thirty names are more.
    for (limit, told) in [(0, "tls.key: file too large"), (1, "tls.crt: file too large")] {
        for folder in [fresh(), with_pair()] {
            let before = contents(folder.path());
            // A write past the limit raises a signal that kills; ignored, the write fails instead.
            let script = format!("trap '' XFSZ; ulimit -f {limit}; {EXEC}");
            let run = Certwright::under(&script).folder(folder.path()).args(&FORCE).args(&many);
            let ran = run.run().expect_code(4);
            assert!(
                ran.flat_stderr().contains(&format!("cannot write ./{told}")),
                "{}",
                ran.stderr
            );
            assert_eq!(contents(folder.path()), before, "limit {limit}");
        }
    }
}

#[test]
fn on_a_disk_that_is_really_full_the_old_pair_stays_and_nothing_new() {
    if !mounts_are_allowed() {
        return say("not tried, for mounts are not allowed: a disk that is really full \
                    (when_a_file_cannot_be_written_the_old_pair_stays_and_nothing_new fakes one)");
    }
    // Each file takes a page: with one to spare, the key fits and the certificate does not.
    for (pages, old, full_at) in
        [(1, fresh(), "tls.crt"), (2, with_pair(), "tls.key"), (3, with_pair(), "tls.crt")]
    {
        let before = contents(old.path());
        let after = fresh();
        let script = format!(
            r#"exec unshare -rm sh -c '
                size=$(( {pages} * $(getconf PAGESIZE) ))
                mkdir -p ../full.$$ && cd ../full.$$ && mount -t tmpfs -o size=$size none "$PWD" &&
                cd "$PWD" && cp -a "{old}/." . && "$0" "$@"
                code=$?
                cp -a . "{after}/" && cd .. && umount ./full.$$ && rmdir ./full.$$
                exit $code
            ' "$0" "$@""#,
            old = old.path().display(),
            after = after.path().display(),
        );
        let work = fresh();
        fs::create_dir(work.path().join("work")).expect("it can be made");
        let run = Certwright::under(&script).folder(&work.path().join("work")).args(&FORCE);
        let ran = run.run().expect_code(4);
        let told = ran.flat_stderr();
        let wanted = format!("cannot write ./{full_at}: no space left on device");
        assert!(told.contains(&wanted), "{told}");
        assert_eq!(contents(after.path()), before, "{pages} pages");
    }
}

// Standard output.

/// Runs of commands that write much: more than a pipe holds, in JSON.
fn long_reports() -> Vec<Vec<&'static str>> {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/scenarios");
    let commands = [vec!["check", "-f", scenarios], vec!["inspect", scenarios]];
    let formats = ["table", "wide", "json"];
    let run = |command: &Vec<&'static str>, format| [&command[..], &["-o", format]].concat();
    commands.iter().flat_map(|command| formats.map(|format| run(command, format))).collect()
}

#[test]
fn a_reader_that_stops_early_changes_neither_the_exit_code_nor_what_is_said() {
    for args in long_reports() {
        let whole = Certwright::new().args(&args).run();
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let unread = Certwright::new().args(&args).stdout(writer).run();
        let (mut reader, writer) = std::io::pipe().expect("a pipe can be made");
        let begun = std::thread::scope(|scope| {
            scope.spawn(move || reader.read(&mut [0; 1]).expect("there is something to read"));
            Certwright::new().args(&args).stdout(writer).run()
        });
        for ran in [unread, begun] {
            assert_eq!((ran.code, ran.stderr), (whole.code, whole.stderr.clone()), "{args:?}");
        }
    }
}

#[test]
fn standard_input_may_be_long_and_standard_output_closed() {
    let bundle = include_str!("../../testdata/pki/root-ca.crt.pem").repeat(500);
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let ran = Certwright::new().args(&["inspect", "-"]).stdin(bundle).stdout(writer).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_pair_is_written_though_nobody_reads_what_is_said_of_it() {
    let folder = fresh();
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    Certwright::new().folder(folder.path()).args(&ISSUE).stdout(writer).run().expect_code(0);
    assert!(is_pair(folder.path()));
}

#[test]
fn help_that_nobody_reads_is_no_panic() {
    for args in [&["--help"][..], &["issue", "--help"], &["--version"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let ran = Certwright::new().args(args).stdout(writer).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error_that_says_so() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/scenarios/guide/in");
    let secret = "secret/my-release-milvus-tls";
    let mut runs = long_reports();
    runs.extend([
        ISSUE.to_vec(),
        [&ISSUE[..], &["--secret", "x", "--dry-run=client", "-o", "yaml"]].concat(),
        [&ISSUE[..], &["--secret", "x", "--dry-run=client", "-o", "json"]].concat(),
        vec!["rotate", secret, "-f", guide],
        vec!["rotate", secret, "-f", guide, "--dry-run=client"],
        vec!["rotate", secret, "-f", guide, "--dry-run=client", "-o", "json"],
    ]);
    for args in runs {
        let full = File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
        let ran = Certwright::new().args(&args).stdout(full).run();
        assert_eq!(ran.code, 4, "{args:?}:\n{}", ran.stderr);
        let told = "error: the output cannot be written: No space left on device";
        assert!(ran.stderr.contains(told), "{args:?}:\n{}", ran.stderr);
    }
}
