//! The import table, as data.
//!
//! Knows, for each module of `src/`, which of ours it may use and what from outside it must never
//! see. Refuses to know how a file is read and how a breach is told.

use Ours::{All, These};
use Purity::{Io, Pure};
use std::fmt;

/// One row: a module, what of ours it may use, and what from outside it must never see.
pub struct Row {
    /// The module; a longer path overrules a shorter one.
    pub module: &'static str,
    pub may_use: Ours,
    pub purity: Purity,
    /// What it must never see beside what [`Purity`] says.
    pub never: &'static [&'static Outside],
    /// What to do instead of a forbidden import.
    pub instead: &'static str,
}

#[derive(Clone, Copy)]
pub enum Ours {
    /// These modules, with all that is below them.
    These(&'static [&'static str]),
    /// Any. `main` itself cannot be imported: it is the binary.
    All,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purity {
    /// Facts in, facts out: never sees [`IMPURE`], never is `async`.
    Pure,
    /// May touch the world.
    Io,
}

/// Who may use whom. A new module of `src/` needs a row: see what it must not know first.
pub const TABLE: &[Row] = &[
    Row {
        module: "object_ref",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "object_ref only names things; put what knows more where it is used",
    },
    Row {
        module: "redact",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "redact only hides bytes; put what knows more where it is used",
    },
    Row {
        module: "remedy",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "remedy only puts command lines together; what mends what is said in audit::remedy",
    },
    Row {
        module: "rarely",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "rarely only keeps values small; put what knows more where it is used",
    },
    Row {
        module: "rights",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "rights is the table of what is asked for; render::deploy makes roles of it",
    },
    Row {
        module: "world",
        may_use: These(&["object_ref", "redact", "remedy"]),
        purity: Io,
        never: &[],
        instead: "world is only what tests replace: clock, randomness, environment",
    },
    Row {
        module: "instant",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "instant only reads and writes times; world holds the clock",
    },
    Row {
        module: "duration",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "duration only reads and writes lengths of time; what is due when, audit says",
    },
    Row {
        module: "x509",
        may_use: These(&["redact", "rarely", "instant", "duration"]),
        purity: Pure,
        never: &[],
        instead: "x509 takes bytes, names and instants as arguments and knows no Kubernetes",
    },
    Row {
        module: "gke",
        may_use: These(&["object_ref"]),
        purity: Pure,
        never: &[],
        instead: "gke is names, limits and presets; a rule about them belongs in audit",
    },
    Row {
        module: "gateway_api",
        may_use: These(&["object_ref"]),
        purity: Pure,
        never: &[],
        instead: "gateway_api is what Gateway API's objects say; inventory links them and a rule judges",
    },
    Row {
        module: "manifest",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "manifest is text in, values out; what an object means belongs in observe",
    },
    Row {
        module: "controllers",
        may_use: These(&["gke", "object_ref"]),
        purity: Pure,
        never: &[],
        instead: "controllers is facts about how an Ingress is read, each with its source; \
                  inventory links them and a rule judges",
    },
    Row {
        module: "observation",
        may_use: These(&["object_ref", "redact", "gke"]),
        purity: Pure,
        never: &[],
        instead: "an Observation has small types of its own; observe fills them",
    },
    Row {
        module: "inventory",
        may_use: These(&[
            "observation",
            "x509",
            "duration",
            "gke",
            "gateway_api",
            "controllers",
            "object_ref",
            "rarely",
            "redact",
            "remedy",
        ]),
        purity: Pure,
        never: &[],
        instead: "inventory keeps facts; a judgement belongs in audit, looking belongs in observe",
    },
    Row {
        module: "audit",
        may_use: These(&[
            "inventory",
            "observation::handshake",
            "observation::ingress",
            "x509",
            "instant",
            "duration",
            "gke",
            "controllers",
            // What is wrong with the YAML of a policy, in words.
            "manifest::reason",
            "object_ref",
            "remedy",
        ]),
        purity: Pure,
        never: &[],
        instead: "a rule judges facts of the inventory at the instant it is given; let inventory \
                  keep the fact it lacks",
    },
    Row {
        module: "plan",
        may_use: These(&[
            "audit",
            "inventory",
            // What a goal must have seen it says as questions.
            "observation",
            "x509",
            "instant",
            "duration",
            "gke",
            "object_ref",
            "remedy",
        ]),
        purity: Pure,
        never: &[&RANDOM, &KEY_BYTES],
        instead: "a plan is a printable list that names keys by fingerprint; apply carries it out",
    },
    Row {
        module: "exit",
        may_use: These(&["audit", "plan", "inventory", "x509", "object_ref"]),
        purity: Pure,
        never: &[],
        instead: "exit turns a result into a code; whoever has the result passes it in",
    },
    Row {
        module: "render",
        may_use: These(&[
            "audit",
            "plan",
            "inventory",
            "rights",
            "observation::handshake",
            "observation::rights",
            "x509",
            "instant",
            "gke",
            "object_ref",
            "remedy",
        ]),
        purity: Pure,
        never: &[],
        instead: "render writes a finished value into `impl Write`; whoever has the value passes it in",
    },
    Row {
        module: "cluster",
        may_use: These(&["object_ref", "redact", "remedy", "gke", "world"]),
        purity: Io,
        never: &[],
        instead: "cluster is the wire to an API server and knows nothing that stands above it; \
                  let observe or apply translate",
    },
    Row {
        module: "cluster::kubeconfig",
        may_use: These(&["object_ref", "redact"]),
        purity: Pure,
        never: &[],
        instead: "kubeconfig is bytes in, a target out; connect reads files, plugin runs programs",
    },
    Row {
        module: "cluster::retry",
        may_use: These(&[]),
        purity: Pure,
        never: &[],
        instead: "retry is told what went wrong and answers with a pause; client waits",
    },
    Row {
        module: "observe",
        may_use: These(&[
            "cluster",
            "observation",
            "gke",
            "gateway_api",
            "manifest",
            "x509::pem",
            "object_ref",
            "redact",
            "world",
        ]),
        purity: Io,
        never: &[],
        instead: "observe looks and judges nothing; it is handed its questions by converge",
    },
    Row {
        module: "apply",
        may_use: These(&[
            "cluster",
            "plan",
            "x509",
            "gke",
            "manifest",
            "object_ref",
            "redact",
            "remedy",
            "world",
        ]),
        purity: Io,
        never: &[],
        instead: "apply carries out a plan and decides nothing; let plan put what it needs in a step",
    },
    Row {
        module: "apply::manifest_edit",
        may_use: These(&["plan", "x509", "gke", "manifest", "object_ref", "redact"]),
        purity: Pure,
        never: &[],
        instead: "manifest_edit is text in, text out; apply reads and writes the files",
    },
    Row {
        module: "converge",
        may_use: These(&[
            "observe",
            "observation",
            "inventory",
            "audit",
            "plan",
            "apply",
            "cluster",
            "x509",
            "gke",
            "object_ref",
            "remedy",
            "world",
        ]),
        purity: Io,
        never: &[],
        instead: "converge is the loop; what is shown goes through render in a command, and what \
                  talks to a server goes through observe or apply",
    },
    Row {
        module: "controller",
        may_use: These(&[
            "converge",
            "cluster",
            "observe",
            "inventory",
            "audit",
            "render",
            "world",
            "object_ref",
        ]),
        purity: Io,
        never: &[],
        instead: "the controller decides nothing: converge does, with the plan it makes",
    },
    Row {
        module: "output",
        may_use: These(&["render"]),
        purity: Io,
        never: &[],
        instead: "output is two streams; what goes into them is rendered by render",
    },
    Row {
        module: "session",
        may_use: These(&[
            "apply",
            "audit",
            "cli",
            "cluster",
            "converge",
            "duration",
            "exit",
            "instant",
            "inventory",
            "object_ref",
            "observation",
            "observe",
            "output",
            "plan",
            "redact",
            "remedy",
            "render",
            "world",
            "x509",
        ]),
        purity: Io,
        never: &[],
        instead: "session is what every command stands on; what one command needs belongs there",
    },
    Row {
        module: "cli",
        may_use: All,
        purity: Io,
        never: &[],
        instead: "cli is what people type; only main and commands read it",
    },
    Row {
        module: "commands",
        may_use: All,
        purity: Io,
        never: &[],
        instead: "move the shared step down into converge, plan or render",
    },
    Row {
        module: "lib",
        may_use: All,
        purity: Pure,
        never: &[],
        instead: "lib.rs is the map; put code in the module that the map names",
    },
    Row {
        module: "main",
        may_use: All,
        purity: Io,
        never: &[],
        instead: "main only starts a command and turns its end into an exit code",
    },
];

/// Something outside that a module must never see.
pub struct Outside {
    pub what: &'static str,
    /// Paths, each with all that is below it.
    pub paths: &'static [&'static str],
    /// Harmless values that live among them.
    pub but: &'static [&'static str],
    /// Whether `#[cfg(test)]` modules must not see it either.
    pub in_tests: bool,
    pub instead: &'static str,
}

/// What no pure module sees.
const IMPURE: &[&Outside] = &[
    &KUBERNETES,
    &RUNTIME,
    &FILES,
    &NETWORK,
    &ENVIRONMENT,
    &PROCESSES,
    &CLOCK,
    &STREAMS,
    &ENTROPY,
];

const KUBERNETES: Outside = Outside {
    what: "Kubernetes types",
    paths: &["kube", "kube_client", "kube_core", "kube_runtime", "k8s_openapi", "k8s_pb"],
    but: &[],
    in_tests: true,
    instead: "cluster and observe turn them into our own small types first",
};
const RUNTIME: Outside = Outside {
    what: "the async runtime",
    paths: &[
        "tokio",
        "tokio_util",
        "tokio_rustls",
        "futures",
        "futures_util",
        "async_trait",
        "hyper",
        "hyper_util",
        "tower",
        "tower_http",
    ],
    but: &[],
    in_tests: true,
    instead: "compute here; wait in observe, apply, converge or controller",
};
const FILES: Outside = Outside {
    what: "the file system",
    paths: &["std::fs", "std::os::unix::fs", "tempfile"],
    but: &[],
    in_tests: true,
    instead: "observe::files reads and apply::files writes; pass the bytes in (include_bytes! in a test)",
};
const NETWORK: Outside = Outside {
    what: "the network",
    paths: &["std::net", "hickory_resolver", "reqwest"],
    // Addresses are values: a certificate can name one.
    but: &[
        "std::net::IpAddr",
        "std::net::Ipv4Addr",
        "std::net::Ipv6Addr",
        "std::net::SocketAddr",
        "std::net::AddrParseError",
    ],
    in_tests: true,
    instead: "observe and cluster open connections; IpAddr and its kin may be imported by name",
};
const ENVIRONMENT: Outside = Outside {
    what: "the environment",
    paths: &["std::env"],
    but: &[],
    in_tests: true,
    instead: "world reads the environment once; pass the value in",
};
const PROCESSES: Outside = Outside {
    what: "processes",
    paths: &["std::process"],
    // A code to end with is a value; only main ends.
    but: &["std::process::ExitCode", "std::process::Termination"],
    in_tests: true,
    instead: "main ends the process; ExitCode may be imported by name",
};
const CLOCK: Outside = Outside {
    what: "the clock",
    paths: &[
        "std::time::SystemTime",
        "std::time::Instant",
        "std::thread::sleep",
        "time::OffsetDateTime::now_utc",
        "time::OffsetDateTime::now_local",
        "time::UtcDateTime::now",
        "time::Timestamp::now",
        "jiff::Timestamp::now",
        "jiff::Zoned::now",
        "chrono",
        "x509_parser::time::ASN1Time::now",
        "x509_parser::prelude::ASN1Time::now",
        "rustls::pki_types::UnixTime::now",
        "rustls_pki_types::UnixTime::now",
        // As they look behind a glob import, where their crate cannot be told.
        "OffsetDateTime::now_utc",
        "OffsetDateTime::now_local",
        "UtcDateTime::now",
        "ASN1Time::now",
        "UnixTime::now",
    ],
    but: &[],
    in_tests: true,
    instead: "take `now` as an argument; world holds the clock",
};
const STREAMS: Outside = Outside {
    what: "the standard streams",
    paths: &[
        "std::io::stdout",
        "std::io::stderr",
        "std::io::stdin",
        "anstream::stdout",
        "anstream::stderr",
        "anstream::println",
        "anstream::print",
        "anstream::eprintln",
        "anstream::eprint",
    ],
    but: &[],
    in_tests: true,
    instead: "write into the `impl Write` that was passed in",
};
/// Randomness that nobody passed in. Tests may take it: ring seals `SecureRandom`, so a test has
/// no other source to hand to the code under test (clippy makes it say so).
const ENTROPY: Outside = Outside {
    what: "randomness of its own",
    paths: &[
        "ring::rand::SystemRandom",
        "rand",
        "getrandom",
        "rcgen::KeyPair::generate",
        "rcgen::KeyPair::generate_for",
        "rcgen::generate_simple_self_signed",
        "KeyPair::generate",
        "KeyPair::generate_for",
    ],
    but: &[],
    in_tests: false,
    instead: "take the random source as an argument; world holds the real one",
};
/// Randomness at all, passed in or not.
const RANDOM: Outside = Outside {
    what: "randomness",
    paths: &["ring::rand", "rand_core"],
    but: &[],
    in_tests: false,
    instead: "make keys and serial numbers in apply, through its key source",
};
const KEY_BYTES: Outside = Outside {
    what: "key bytes",
    paths: &[
        "crypto_bigint",
        "crypto_primes",
        "p12_keystore",
        "pkcs1",
        "pkcs8",
        "rcgen",
        "rsa",
        "rustls_pemfile",
        "sec1",
        "zeroize",
    ],
    but: &[],
    in_tests: false,
    instead: "name the key by its fingerprint; the bytes travel beside the plan",
};

impl Row {
    /// The row for the file at `path` that holds `module`.
    pub fn of_file(path: &str, module: &[String]) -> Option<&'static Self> {
        match path {
            "src/lib.rs" => Self::of(&["lib".to_owned()]),
            "src/main.rs" => Self::of(&["main".to_owned()]),
            _ => Self::of(module),
        }
    }

    /// The row for `module`: the longest one that it is, or is below.
    pub fn of(module: &[String]) -> Option<&'static Self> {
        let rows = TABLE.iter().filter(|row| starts_with(module, row.module));
        rows.max_by_key(|row| row.module.len())
    }

    /// Whether it may use `target`, a path below `crate`.
    pub fn allows(&self, target: &[String]) -> bool {
        match self.may_use {
            All => true,
            These(allowed) => allowed.iter().any(|path| starts_with(target, path)),
        }
    }

    /// Whether `path` is one of ours that it may not use.
    pub fn forbids(&self, path: &[String]) -> bool {
        our_module(path).is_some_and(|target| !target.is_empty() && !self.allows(target))
    }

    /// All that it must never see.
    pub fn never(&self) -> impl Iterator<Item = &'static Outside> {
        let impure = if self.purity == Pure { IMPURE } else { &[] };
        impure.iter().chain(self.never).copied()
    }
}

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            All => f.write_str("all of ours"),
            These([]) => f.write_str("nothing of ours"),
            These(allowed) => f.write_str(&allowed.join(", ")),
        }
    }
}

impl Outside {
    /// Whether `path`, or what `path::*` brings, is part of it.
    pub fn holds(&self, path: &[String], glob: bool) -> bool {
        let brings = |listed: &str| {
            let listed: Vec<_> = listed.split("::").collect();
            glob && listed.len() == path.len() + 1 && path.iter().eq(&listed[..path.len()])
        };
        let names = |listed: &&&str| starts_with(path, listed) || brings(listed);
        self.paths.iter().any(|listed| names(&listed))
            && !self.but.iter().any(|but| starts_with(path, but))
    }
}

/// The path below `crate`, for a path of ours.
pub fn our_module(path: &[String]) -> Option<&[String]> {
    let (first, rest) = path.split_first()?;
    (first == "crate").then_some(rest)
}

/// Whether `path` is `prefix`, or is below it.
pub fn starts_with(path: &[String], prefix: &str) -> bool {
    let mut path = path.iter();
    prefix.split("::").all(|segment| path.next().is_some_and(|found| found == segment))
}
