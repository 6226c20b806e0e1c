//! The programs that make a control plane: where they are found, and how they are built where they
//! are not. It refuses to know how they are run.
//!
//! In this order: the folder that `KUBEBUILDER_ASSETS` names; what an earlier run built; a build
//! with Go, from `testdata/control-plane`. The build is kept outside of the target folder, so that
//! `cargo clean` does not lose it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, io, process};

use super::say;

/// The programs of one control plane.
pub struct Assets {
    pub etcd: PathBuf,
    pub kube_apiserver: PathBuf,
    /// Not needed to run a cluster, so a folder of `KUBEBUILDER_ASSETS` may come without.
    pub kubectl: Option<PathBuf>,
}

/// What is built: the file, and the package it is built from.
const PROGRAMS: [(&str, &str); 3] = [
    ("etcd", "go.etcd.io/etcd/server/v3"),
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
];

/// Finds the programs, or builds them. An `Err` is the reason why there are none: a reason to skip.
///
/// # Panics
///
/// When `KUBEBUILDER_ASSETS` is set and holds no etcd or no kube-apiserver: then something else was
/// meant.
pub fn find() -> Result<Assets, String> {
    let version = kubernetes_version()?;
    let cache = cache_folder()?.join(&version);
    if let Some(folder) = variable("KUBEBUILDER_ASSETS").map(PathBuf::from) {
        for needed in ["etcd", "kube-apiserver"] {
            assert!(
                folder.join(needed).is_file(),
                "KUBEBUILDER_ASSETS is {}: no {needed} there",
                folder.display()
            );
        }
        return Ok(Assets::in_folder(&folder, &cache));
    }
    if !missing(&cache).is_empty() {
        build(&cache, &version)?;
    }
    Ok(Assets::in_folder(&cache, &cache))
}

/// The folder of what a control plane is built from and started with.
pub fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/control-plane"))
}

impl Assets {
    fn in_folder(folder: &Path, cache: &Path) -> Self {
        Self {
            etcd: folder.join("etcd"),
            kube_apiserver: folder.join("kube-apiserver"),
            kubectl: [folder, cache]
                .map(|folder| folder.join("kubectl"))
                .into_iter()
                .find(|file| file.is_file()),
        }
    }
}

/// The version in go.mod, so that one place says it: `v1.36.3`.
fn kubernetes_version() -> Result<String, String> {
    let path = folder().join("go.mod");
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut required =
        text.lines().filter_map(|line| line.trim().strip_prefix("k8s.io/kubernetes v"));
    let version = required.next().and_then(|rest| rest.split_whitespace().next());
    let version =
        version.ok_or_else(|| format!("{} requires no k8s.io/kubernetes", path.display()))?;
    Ok(format!("v{version}"))
}

fn cache_folder() -> Result<PathBuf, String> {
    let base = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")));
    let base = base.ok_or("needs HOME, XDG_CACHE_HOME or KUBEBUILDER_ASSETS to be set")?;
    Ok(base.join("certwright").join("control-plane"))
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn missing(cache: &Path) -> Vec<(&'static str, &'static str)> {
    PROGRAMS.into_iter().filter(|(name, _)| !cache.join(name).is_file()).collect()
}

/// Builds what is missing. One process builds at a time, the others wait for it and then find
/// nothing missing; a file gets its name when it is whole.
fn build(cache: &Path, version: &str) -> Result<(), String> {
    if !go_runs() {
        return Err("needs Go (https://go.dev/dl) or KUBEBUILDER_ASSETS, a folder that holds etcd, kube-apiserver and \
                    kubectl"
            .to_owned());
    }
    let _lock = lock(cache).map_err(|error| format!("cannot lock {}: {error}", cache.display()))?;
    let missing = missing(cache);
    if missing.is_empty() {
        return Ok(());
    }
    remove_leftovers(cache);
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    say(&format!(
        "building the control plane of the cluster tests: {} (Kubernetes {version}); this is done once and takes about \
         4 minutes on 2 cores; it is kept in {}",
        names.join(", "),
        cache.display()
    ));
    let begin = Instant::now();
    for (name, package) in missing {
        let begin = Instant::now();
        build_one(cache, name, package, version)?;
        say(&format!("built {name} in {} s", begin.elapsed().as_secs()));
    }
    say(&format!("built the control plane in {} s", begin.elapsed().as_secs()));
    Ok(())
}

fn go_runs() -> bool {
    let quiet = Command::new("go")
        .arg("version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

/// Held until it is dropped, and by no process that has ended.
fn lock(cache: &Path) -> io::Result<File> {
    fs::create_dir_all(cache)?;
    let file = File::create(cache.join(".lock"))?;
    if file.try_lock().is_err() {
        say("waiting for another process that builds the control plane of the cluster tests");
        file.lock()?;
    }
    Ok(file)
}

/// Removes what interrupted builds have left. Only the holder of the lock builds, so nobody needs
/// it.
fn remove_leftovers(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "part") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn build_one(cache: &Path, name: &str, package: &str, version: &str) -> Result<(), String> {
    // With the process id: a `go` whose test run was killed may still be about to write its own.
    let part = cache.join(format!("{name}.{}.part", process::id()));
    let status = Command::new("go")
        .arg("build")
        .arg("-C")
        .arg(folder())
        .arg("-ldflags")
        // Kubernetes takes its version from here: without it, it says v0.0.0 and refuses newer API
        // versions.
        .arg(format!("-s -w -X k8s.io/component-base/version.gitVersion={version}"))
        .arg("-o")
        .arg(&part)
        .arg(package)
        // A workspace around this folder would replace the versions that go.mod pins.
        .env("GOWORK", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run go: {error}"))?;
    if !status.success() {
        let _ = fs::remove_file(&part);
        return Err(format!("needs {name}, and `go build` of it has failed ({status})"));
    }
    fs::rename(&part, cache.join(name))
        .map_err(|error| format!("cannot name {}: {error}", part.display()))
}
