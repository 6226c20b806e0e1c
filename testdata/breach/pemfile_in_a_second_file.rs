//@ src/x509/key.rs
//! A second reader of PEM.

fn read(bytes: &[u8]) {
    use rustls_pemfile as pem;
    pem::read_one_from_slice(bytes);
}

//@ src/x509/pem.rs
//! The reader of PEM.

fn read(bytes: &[u8]) {
    rustls_pemfile::read_one_from_slice(bytes); //~ one-file-only
    rustls_pemfile::certs(bytes);
}
