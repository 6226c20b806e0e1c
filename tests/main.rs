//! Every integration test, in one binary: it links once.
//!
//! `support` holds what the tests stand on, `cases` the tests, a file a capability.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests start processes, read files and the clock, and fail by panicking"
)]

mod support {
    pub mod background;
    pub mod binary;
    pub mod clock;
    pub mod control_plane;
    pub mod der;
    pub mod dice;
    pub mod faults;
    pub mod forged;
    pub mod gke;
    pub mod kinds;
    pub mod live;
    pub mod name_server;
    pub mod openssl_text;
    pub mod pages;
    pub mod real_parts;
    pub mod rollouts;
    pub mod rude;
    pub mod schemas;
    pub mod shells;
    pub mod source_tree;
    pub mod spoilt;
    pub mod terminal;
    pub mod tls_server;
    pub mod witness;
}

mod cases {
    mod alerts;
    mod asked;
    mod authority;
    mod clients;
    mod clippy_guard;
    mod completion;
    mod contexts;
    mod control_plane;
    mod converting;
    mod deployed;
    mod dns;
    mod documents;
    mod faults;
    mod forgetting;
    mod formats;
    mod google_double;
    mod help;
    mod hostile;
    mod image;
    mod in_cluster;
    mod kubeconfig_mutations;
    mod kubeconfigs;
    mod kubectl_forms;
    mod live_bootstrap;
    mod live_gateways;
    mod live_gke;
    mod live_google;
    mod live_input;
    mod live_managed;
    mod live_owners;
    mod live_restart;
    mod live_rotation;
    mod live_served;
    mod live_trust;
    mod live_users;
    mod live_waiting;
    mod live_walk;
    mod local_files;
    mod manifests;
    mod mutations;
    mod notifying;
    mod other_places;
    mod output_files;
    mod overlap;
    mod pem_import;
    mod pipelines;
    mod plugin_name;
    mod plugins;
    mod policy;
    mod properties;
    mod protobuf;
    mod public_vectors;
    mod readme;
    mod real_parts;
    mod refusals;
    mod remedies;
    mod requests;
    mod retries;
    mod reviewed;
    mod rewriting;
    mod rights;
    mod scenarios;
    mod schemas;
    mod secrecy;
    mod sentences;
    mod served;
    mod served_hostile;
    mod stores;
    mod tidy;
    mod wanted_hosts;
    mod way_back;
    mod whole_words;
    mod witnesses;
}
