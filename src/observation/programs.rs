//! Programs that read their certificate when they start and never again: new files in their volume are not
//! looked at.
//!
//! Knows them, as data, by the name of their image. Refuses to guess: a program that is not in the table is not
//! said to load anew, and not said to load once.

/// One program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadsOnce {
    /// The last part of its image's name, without registry, tag and digest.
    pub image: &'static str,
    /// As people call it.
    pub program: &'static str,
}

/// All that are known.
///
/// Milvus 2.3.5 with `tlsMode: 1`: 15 s after its files had been replaced on disk it still served the old
/// certificate, and served the new one once it had been started again (measured with the program itself). Its
/// source agrees: milvus-io/milvus internal/distributed/proxy/service.go hands both files to gRPC's
/// `credentials.NewServerTLSFromFile`, which reads them then and there.
pub const LOAD_ONCE: &[LoadsOnce] = &[LoadsOnce { image: "milvus", program: "milvus" }];

/// The program that runs in a container of this image, if it is one of them.
#[must_use]
pub fn loads_once(image: &str) -> Option<&'static str> {
    let (named, _digest) = image.split_once('@').unwrap_or((image, ""));
    let last = named.rsplit('/').next().unwrap_or_default();
    let (name, _tag) = last.split_once(':').unwrap_or((last, ""));
    LOAD_ONCE.iter().find(|known| known.image == name).map(|known| known.program)
}

#[cfg(test)]
mod tests {
    use super::loads_once;

    #[test]
    fn an_image_is_known_by_its_last_name_whatever_registry_tag_and_digest_it_has() {
        let digest = "sha256:0123456789abcdef";
        for (image, is_known) in [
            ("milvus", true),
            ("milvus:v2.5.4", true),
            ("milvusdb/milvus:v2.5.4", true),
            ("docker.io/milvusdb/milvus", true),
            ("localhost:5000/milvus", true),
            ("registry.example:5000/a/b/milvus:v2.5.4-gpu", true),
            (&format!("milvusdb/milvus@{digest}"), true),
            (&format!("milvusdb/milvus:v2.5.4@{digest}"), true),
            ("milvusdb/milvus-config-tool:v0.1.2", false),
            ("milvus/attu:v2.5", false),
            ("milvus:5000/web", false),
            ("milvus/", false),
            ("MILVUS", false),
            ("", false),
            (":", false),
            ("@", false),
        ] {
            assert_eq!(loads_once(image).is_some(), is_known, "{image}");
        }
    }
}
