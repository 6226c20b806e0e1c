//! Who may do what on a test cluster, and the two files that say it: the API server's token file
//! and the kubeconfig for the same users. It refuses to know whether an API server runs.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The users: `admin` may do everything, `nobody` has no rights of its own.
const TOKENS: &str = "\
admin-token,admin,admin,\"system:masters\"
nobody-token,nobody,nobody
";

/// The token of `admin`.
pub const ADMIN_TOKEN: &str = "admin-token";

/// Writes `tokens.csv` and `kubeconfig` into the data folder and returns the latter's path.
///
/// The CA is the certificate that the API server makes for itself when it starts, so the file it
/// names comes later.
pub fn write(data: &Path, server: &str) -> io::Result<PathBuf> {
    write_private(&data.join("tokens.csv"), TOKENS)?;
    let path = data.join("kubeconfig");
    write_private(&path, &text(server, &data.join("certs").join("apiserver.crt")))?;
    Ok(path)
}

fn text(server: &str, ca: &Path) -> String {
    // A JSON string is a YAML string too, whatever the path holds.
    let ca = serde_json::Value::from(ca.to_string_lossy());
    format!(
        "\
apiVersion: v1
kind: Config
current-context: admin
clusters:
- name: control-plane
  cluster:
    server: {server}
    certificate-authority: {ca}
users:
- name: admin
  user:
    token: admin-token
- name: nobody
  user:
    token: nobody-token
contexts:
- name: admin
  context:
    cluster: control-plane
    user: admin
- name: nobody
  context:
    cluster: control-plane
    user: nobody
"
    )
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
