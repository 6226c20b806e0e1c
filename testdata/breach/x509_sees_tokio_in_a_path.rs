//@ src/x509/chain.rs
//! A chain that is fetched.

fn fetch() {
    let runtime = tokio::runtime::Handle::current(); //~ must-never-see
    runtime.block_on(later());
}

#[derive(k8s_openapi::Resource)] //~ must-never-see
struct Chain;
