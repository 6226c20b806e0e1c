//! Presets: how a load balancer is to speak to a kind of backend.
//!
//! Knows ports, protocols and health checks of Milvus, gRPC and plain HTTP. Refuses to know the
//! objects these end up in.

use std::fmt;

/// How the load balancer speaks to the backend (`cloud.google.com/app-protocols`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppProtocol {
    /// HTTP/1.1 in the clear.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 over TLS; what gRPC needs. HTTP/2 in the clear is not offered by Ingress.
    Http2,
}

impl fmt::Display for AppProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Http2 => "HTTP2",
        })
    }
}

/// `spec.healthCheck` of a BackendConfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// How it is asked.
    pub protocol: AppProtocol,
    /// The container port; none for the serving port.
    pub port: Option<u16>,
    /// The path that must answer 200.
    pub path: String,
}

/// A kind of backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Milvus 2: gRPC on 19530, health on HTTP 9091.
    Milvus,
    /// Any gRPC server.
    Grpc,
    /// Plain HTTP.
    Http,
}

impl Preset {
    /// The port of the Service when the user names none.
    #[must_use]
    pub const fn port(self) -> Option<u16> {
        match self {
            Self::Milvus => Some(19530),
            Self::Grpc | Self::Http => None,
        }
    }

    /// The name of that port when the Service cannot be asked: app-protocols go by port names.
    #[must_use]
    pub const fn port_name(self) -> &'static str {
        match self {
            Self::Milvus => "milvus",
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }

    /// How the load balancer speaks to it.
    #[must_use]
    pub const fn protocol(self) -> AppProtocol {
        match self {
            Self::Milvus | Self::Grpc => AppProtocol::Http2,
            Self::Http => AppProtocol::Http,
        }
    }

    /// How its health is asked. A gRPC port answers no plain GET: Milvus has another port for
    /// that; of other gRPC servers the serving port is asked over HTTP/2, as Google's recipe does.
    #[must_use]
    pub fn health_check(self) -> HealthCheck {
        match self {
            Self::Milvus => HealthCheck {
                protocol: AppProtocol::Http,
                port: Some(9091),
                path: "/healthz".to_owned(),
            },
            Self::Grpc => {
                HealthCheck { protocol: AppProtocol::Http2, port: None, path: "/".to_owned() }
            }
            Self::Http => {
                HealthCheck { protocol: AppProtocol::Http, port: None, path: "/".to_owned() }
            }
        }
    }

    /// Seconds until the load balancer cuts a request. Its default of 30 cuts gRPC streams.
    #[must_use]
    pub const fn timeout_seconds(self) -> Option<u32> {
        match self {
            Self::Milvus | Self::Grpc => Some(3600),
            Self::Http => None,
        }
    }
}
