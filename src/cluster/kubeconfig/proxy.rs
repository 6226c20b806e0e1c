//! Through which proxy an API server is reached, as Go's HTTP client decides it.
//!
//! Knows the variables' grammar and who is never proxied. Refuses to read them. Source:
//! golang.org/x/net/http/httpproxy, and client-go `validateClusterInfo` for `proxy-url`.

use super::server::url;
use http::Uri;
use ipnet::IpNet;
use std::net::IpAddr;

/// A proxy, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its URL: http, https or socks5; may hold a password.
    pub url: Uri,
    /// `HTTPS_PROXY`, `HTTP_PROXY`, or the kubeconfig's `proxy-url`.
    pub said_by: &'static str,
}

const OF_KUBECONFIG: &str = "proxy-url in the kubeconfig";

impl Proxy {
    /// Whether the kubeconfig names it: `NO_PROXY` means nothing to it then, here as in kubectl.
    #[must_use]
    pub fn is_of_kubeconfig(&self) -> bool {
        self.said_by == OF_KUBECONFIG
    }

    /// The proxy without user name and password, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let authority = self.url.authority().map_or("", |authority| authority.as_str());
        let address = authority.rsplit('@').next().unwrap_or_default();
        format!("{}://{address}", self.url.scheme_str().unwrap_or_default())
    }
}

/// What the environment says of proxies; empty is unset.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variables<'a> {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https: Option<&'a str>,
    /// `HTTP_PROXY` or `http_proxy`.
    pub http: Option<&'a str>,
    /// `NO_PROXY` or `no_proxy`.
    pub no: Option<&'a str>,
}

/// The proxy that the environment names for this server, if any.
///
/// # Errors
/// What is wrong with the variable that counts, by its name.
pub fn of_environment(variables: Variables<'_>, server: &Uri) -> Result<Option<Proxy>, String> {
    let secure = server.scheme_str() == Some("https");
    let (said_by, text) =
        if secure { ("HTTPS_PROXY", variables.https) } else { ("HTTP_PROXY", variables.http) };
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if secure { 443 } else { 80 });
    if is_local(&host) || variables.no.is_some_and(|list| listed(list, &host, port)) {
        return Ok(None);
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url =
        usable(&whole).map_err(|why| format!("the proxy in {said_by} cannot be used: {why}"))?;
    Ok(Some(Proxy { url, said_by }))
}

/// The proxy that a kubeconfig names; the environment has no say then.
pub(super) fn of_kubeconfig(text: &str) -> Result<Proxy, String> {
    if !text.contains("://") {
        return Err("it needs a scheme: http://, https:// or socks5://".to_owned());
    }
    Ok(Proxy { url: usable(text)?, said_by: OF_KUBECONFIG })
}

fn usable(text: &str) -> Result<Uri, String> {
    let uri = url(text)?;
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("http" | "https") => Ok(uri),
        Some("socks5" | "socks5h") if has_user => {
            Err("a user name for a SOCKS proxy is not supported; use an http:// proxy".to_owned())
        }
        // Both leave names to the proxy; a port is 1080 unless it is said (RFC 1928).
        Some("socks5" | "socks5h") => {
            let authority = uri.authority().map_or("", |authority| authority.as_str());
            let port = if uri.port().is_none() { ":1080" } else { "" };
            format!("socks5://{authority}{port}").parse().map_err(|_| "it is not a URL".to_owned())
        }
        _ => Err("its scheme is none of http, https, socks5, socks5h".to_owned()),
    }
}

/// What is on this machine is never proxied.
fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn listed(list: &str, host: &str, port: u16) -> bool {
    list.split(',')
        .map(|item| item.trim().to_ascii_lowercase())
        .any(|item| matches(&item, host, port))
}

/// Whether one item of `NO_PROXY` names the host.
fn matches(item: &str, host: &str, port: u16) -> bool {
    if item == "*" {
        return true;
    }
    let address = host.parse::<IpAddr>().ok();
    if let Ok(network) = item.parse::<IpNet>() {
        return address.is_some_and(|address| network.contains(&address));
    }
    let (name, only_port) = split_port(item);
    if name.is_empty() || only_port.is_some_and(|only| only != port.to_string()) {
        return false;
    }
    if let Ok(named) = name.parse::<IpAddr>() {
        return address == Some(named);
    }
    // `.example` and `*.example` are what is below, `example` is itself too.
    let below = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
    let domain = below.unwrap_or(name);
    let is_below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    !domain.is_empty() && (is_below || (below.is_none() && host == domain))
}

/// `HOST:PORT`, `[IPv6]:PORT`; an IPv6 address by itself has no port.
fn split_port(item: &str) -> (&str, Option<&str>) {
    if let Some((host, port)) = item.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        return (host, Some(port));
    }
    match item.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (item.trim_matches(['[', ']']), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(https: &str, no: &str, server: &str) -> Result<Option<String>, String> {
        let variables = Variables { https: Some(https), http: Some("web:8080"), no: Some(no) };
        let server = server.parse().map_err(|_| "no URL")?;
        of_environment(variables, &server).map(|proxy| proxy.map(|proxy| proxy.url.to_string()))
    }

    #[test]
    fn a_proxy_needs_no_scheme_and_each_scheme_has_its_variable() {
        for (proxy, server, expected) in [
            ("proxy:3128", "https://a.example", Some("http://proxy:3128/")),
            ("10.0.0.1:3128", "https://a.example", Some("http://10.0.0.1:3128/")),
            (" http://proxy:3128 ", "https://a.example", Some("http://proxy:3128/")),
            ("https://proxy", "https://a.example", Some("https://proxy/")),
            ("socks5h://proxy", "https://a.example", Some("socks5://proxy:1080/")),
            ("socks5://proxy:9", "https://a.example", Some("socks5://proxy:9/")),
            ("http://u:p%40w@proxy:1", "https://a.example", Some("http://u:p%40w@proxy:1/")),
            ("proxy:3128", "http://a.example", Some("http://web:8080/")),
            ("", "https://a.example", None),
            ("proxy:3128", "https://127.0.0.1:6443", None),
            ("proxy:3128", "https://127.9.9.9", None),
            ("proxy:3128", "https://[::1]:6443", None),
            ("proxy:3128", "https://localhost:6443", None),
            ("proxy:3128", "https://LOCALHOST:6443", None),
            ("proxy:3128", "https://kind.localhost", Some("http://proxy:3128/")),
        ] {
            assert_eq!(via(proxy, "", server), Ok(expected.map(str::to_owned)), "{proxy} {server}");
        }
    }

    #[test]
    fn no_proxy_is_compared_with_the_server() {
        let on = ["https://api.prod.example:6443", "https://10.1.2.3", "https://[fd00::1]"];
        for (list, expected) in [
            ("", [false; 3]),
            ("*", [true; 3]),
            (" , x , *", [true; 3]),
            ("example", [true, false, false]),
            ("PROD.example", [true, false, false]),
            (".prod.example", [true, false, false]),
            ("*.prod.example", [true, false, false]),
            ("api.prod.example", [true, false, false]),
            (".api.prod.example", [false; 3]),
            ("od.example", [false; 3]),
            ("api.prod.example:6443", [true, false, false]),
            ("api.prod.example:443", [false; 3]),
            ("10.0.0.0/8, fd00::/8", [false, true, true]),
            ("10.1.2.3", [false, true, false]),
            ("10.1.2.3:443", [false, true, false]),
            ("10.1.2.3:80", [false; 3]),
            ("[fd00::1]:443", [false, false, true]),
            ("fd00::1", [false, false, true]),
            (":443,[],.", [false; 3]),
        ] {
            let passed = on.map(|server| via("proxy:1", list, server) == Ok(None));
            assert_eq!(passed, expected, "{list:?}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_by_its_variable_and_not_shown() {
        for (proxy, expected) in [
            ("http://me:s3cr3t@proxy:port", "port"),
            ("socks5://me:s3cr3t@proxy", "SOCKS"),
            ("socks4://proxy", "scheme"),
            ("http://", "not a URL"),
        ] {
            let error = via(proxy, "", "https://a.example").expect_err("it is refused");
            assert!(error.contains("HTTPS_PROXY") && error.contains(expected), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        let error = of_kubeconfig("proxy:3128").expect_err("it is refused");
        assert!(error.contains("needs a scheme"), "{error}");
        let proxy = of_kubeconfig("http://me:s3cr3t@proxy:3128").expect("it can be used");
        assert_eq!(proxy.shown(), "http://proxy:3128");
    }
}
