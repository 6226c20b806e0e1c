//! The URL of an API server, and of a proxy, as client-go reads them.
//!
//! Knows what the HTTP library underneath would stumble over, from a missing scheme to a URL that is
//! too long once a path is added. Source: client-go `rest/url_utils.go` (`DefaultServerURL`).

use http::Uri;

/// Paths of requests are added to a server's URL, and the whole must stay below the 64 KiB that
/// `http::Uri` takes.
const MAX_LENGTH: usize = 2048;

/// A server's URL. Without a scheme it is https where something of TLS is configured, else http.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str, tls: bool) -> Result<Uri, String> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("{}://{text}", if tls { "https" } else { "http" })
    };
    let uri = url(&whole)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("it begins with neither https:// nor http://".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("it holds a user name or password; those belong in users, as username and \
                    password or as token"
            .to_owned());
    }
    Ok(uri)
}

/// A URL with a host, without query and fragment, which no server of ours has.
pub(super) fn url(text: &str) -> Result<Uri, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} characters"));
    }
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("it holds a blank or a line break".to_owned());
    }
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let uri: Uri = text.get(..end).unwrap_or_default().parse().map_err(|_| not_a_url())?;
    let Some(authority) = uri.authority() else { return Err(not_a_url()) };
    if authority.host().is_empty() || authority.host() == "[]" {
        return Err("it names no host".to_owned());
    }
    let behind_user = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = behind_user.strip_prefix(authority.host()).unwrap_or_default();
    // The library takes a port that is no number for no port at all.
    if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("its port is not a number from 1 to 65535".to_owned());
    }
    Ok(uri)
}

fn not_a_url() -> String {
    "it is not a URL such as https://HOST:PORT".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_scheme_is_https_only_where_tls_is_configured() {
        for (text, tls, expected) in [
            ("https://a.example", false, "https://a.example/"),
            ("HTTPS://a.example:6443/", false, "https://a.example:6443/"),
            (
                "https://a.example/k8s/clusters/c-1?x=y#z",
                false,
                "https://a.example/k8s/clusters/c-1",
            ),
            ("a.example:6443", true, "https://a.example:6443/"),
            ("a.example:6443", false, "http://a.example:6443/"),
            ("a.example", true, "https://a.example/"),
            ("[::1]:6443", true, "https://[::1]:6443/"),
            ("http://127.0.0.1:8001", true, "http://127.0.0.1:8001/"),
        ] {
            assert_eq!(
                parse(text, tls).map(|uri| uri.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_url_is_refused_and_never_shown() {
        for (text, expected) in [
            ("https://a.example ", "a blank"),
            ("https://a.example\n", "a blank"),
            ("https://", "not a URL"),
            ("https://:6443", "no host"),
            ("https://a.example:port", "port"),
            ("https://a.example:0", "port"),
            ("https://a.example:70000", "port"),
            ("https://[::1", "not a URL"),
            ("ftp://a.example", "neither"),
            ("https://me:s3cr3t@a.example", "user name"),
            ("https://bücher.example", "not a URL"),
            (&format!("https://a.example/{}", "x".repeat(66_000)), "longer than"),
        ] {
            let error = parse(text, true).expect_err("it is refused");
            assert!(error.contains(expected) && !error.contains("s3cr3t"), "{text:.40}: {error}");
        }
    }
}
