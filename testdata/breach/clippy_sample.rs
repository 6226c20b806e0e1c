//! Every entry of `clippy.toml`, breached once.
//!
//! Compiled by nothing but `tests/cases/clippy_guard.rs`, which hands it to clippy and wants every
//! entry reported with its reason. An entry that clippy does not report here holds nothing.

use std::fs::{DirBuilder, File, OpenOptions};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::{Builder, NamedTempFile, TempDir};
use x509_parser::certificate::Validity;

fn clock(validity: &Validity, earlier: std::time::SystemTime, started: Instant) {
    let _ = std::time::SystemTime::now();
    let _ = Instant::now();
    let _ = earlier.elapsed();
    let _ = started.elapsed();
    let _ = time::OffsetDateTime::now_utc();
    let _ = time::UtcDateTime::now();
    let _ = time::Timestamp::now();
    let _ = jiff::Timestamp::now();
    let _ = jiff::Zoned::now();
    let _ = tokio::time::Instant::now();
    let _ = rustls::pki_types::UnixTime::now();
    let _ = x509_parser::time::ASN1Time::now();
    let _ = validity.is_valid();
    let _ = validity.time_to_expiration();
}

async fn waiting(pause: Duration, until: tokio::time::Instant) {
    std::thread::sleep(pause);
    tokio::time::sleep(pause).await;
    tokio::time::sleep_until(until).await;
    let _ = tokio::time::interval(pause);
    let _ = tokio::time::interval_at(until, pause);
    let _ = tokio::time::timeout(pause, async {}).await;
    let _ = tokio::time::timeout_at(until, async {}).await;
}

fn randomness() {
    let _ = ring::rand::SystemRandom::new();
    let _ = rcgen::KeyPair::generate();
    let _ = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519);
    let _ = rcgen::generate_simple_self_signed(["a.example".to_owned()]);
}

fn reading(path: &Path) {
    let _ = std::fs::read(path);
    let _ = std::fs::read_to_string(path);
    let _ = std::fs::read_dir(path);
    let _ = std::fs::read_link(path);
    let _ = std::fs::metadata(path);
    let _ = std::fs::symlink_metadata(path);
    let _ = std::fs::canonicalize(path);
    let _ = std::fs::exists(path);
    let _ = File::open(path);
    let _ = path.exists();
    let _ = path.try_exists();
    let _ = path.is_file();
    let _ = path.is_dir();
    let _ = path.is_symlink();
    let _ = path.metadata();
    let _ = path.symlink_metadata();
    let _ = path.canonicalize();
    let _ = path.read_dir();
    let _ = path.read_link();
}

fn writing(path: &Path, mode: std::fs::Permissions) {
    let _ = std::fs::write(path, "");
    let _ = std::fs::copy(path, path);
    let _ = std::fs::rename(path, path);
    let _ = std::fs::hard_link(path, path);
    let _ = std::fs::set_permissions(path, mode);
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_dir(path);
    let _ = std::fs::remove_dir_all(path);
    let _ = std::fs::create_dir(path);
    let _ = std::fs::create_dir_all(path);
    let _ = DirBuilder::new().create(path);
    let _ = File::create(path);
    let _ = File::create_new(path);
    let _ = OpenOptions::new().open(path);
    #[cfg(unix)]
    let _ = std::os::unix::fs::symlink(path, path);
}

fn temporary(path: &Path) {
    let _ = tempfile::tempfile();
    let _ = tempfile::tempfile_in(path);
    let _ = tempfile::tempdir();
    let _ = tempfile::tempdir_in(path);
    let _ = TempDir::new();
    let _ = TempDir::new_in(path);
    let _ = NamedTempFile::new();
    let _ = NamedTempFile::new_in(path);
    let _ = NamedTempFile::with_prefix_in("a", path);
    let _ = NamedTempFile::with_suffix_in("a", path);
    let _ = Builder::new().tempfile();
    let _ = Builder::new().tempfile_in(path);
    let _ = Builder::new().tempdir();
    let _ = Builder::new().tempdir_in(path);
}

async fn network(pause: Duration, address: std::net::SocketAddr) {
    let _ = TcpStream::connect(address);
    let _ = TcpStream::connect_timeout(&address, pause);
    let _ = TcpListener::bind(address);
    let _ = UdpSocket::bind(address);
    let _ = "a.example:443".to_socket_addrs();
    let _ = tokio::net::TcpStream::connect(address).await;
    let _ = tokio::net::TcpListener::bind(address).await;
    let _ = tokio::net::UdpSocket::bind(address).await;
    let _ = tokio::net::lookup_host("a.example:443").await;
}

fn environment(path: &Path) {
    let _ = std::env::var("HOME");
    let _ = std::env::var_os("HOME");
    let _ = std::env::vars();
    let _ = std::env::vars_os();
    let _ = std::env::args();
    let _ = std::env::args_os();
    let _ = std::env::current_dir();
    let _ = std::env::current_exe();
    let _ = std::env::set_current_dir(path);
    let _ = std::env::home_dir();
    let _ = std::env::temp_dir();
}

fn processes(failed: bool) {
    let _ = std::process::Command::new("openssl");
    let _ = tokio::process::Command::new("openssl");
    if failed {
        std::process::exit(1);
    }
    std::process::abort();
}

fn streams() {
    let _ = std::io::stdin();
    let _ = std::io::stdout();
    let _ = std::io::stderr();
    let _ = anstream::stdout();
    let _ = anstream::stderr();
}

fn printing() {
    print!("a");
    println!("a");
    eprint!("a");
    eprintln!("a");
    dbg!(1);
    anstream::print!("a");
    anstream::println!("a");
    anstream::eprint!("a");
    anstream::eprintln!("a");
}
