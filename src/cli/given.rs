//! The files of `--certificate` and `--ca`: read to be judged, and again when they are renewed while an output is kept
//! current; the configuration names their paths.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::value::{AuthoritiesPath, CertificatePaths};
use crate::diagnostics::escape::path_for_terminal;
use crate::options::{AuthoritiesFile, CertificateFiles, GivenFile, Options};

/// How many bytes a file may have, as many as an object of Kubernetes.
const LARGEST: u64 = 1 << 20;

/// Reads certificates with their keys.
///
/// # Errors
/// A message for the user when a file cannot be read, or a Secret is named twice.
pub(super) fn read_certificates(paths: Vec<CertificatePaths>) -> Result<Vec<CertificateFiles>, String> {
    let mut all: Vec<CertificateFiles> = Vec::new();
    for CertificatePaths { secret: (namespace, name), chain, key } in paths {
        if all.iter().any(|one| (&one.namespace, &one.name) == (&namespace, &name)) {
            return Err(format!("--certificate says twice what stands for {namespace}/{name}"));
        }
        let read = |file: &Path| {
            let failed =
                |why| format!("--certificate {namespace}/{name}: cannot read `{}`: {why}", path_for_terminal(file));
            read(file).map_err(failed)
        };
        let (chain, key) = (read(&chain)?, read(&key)?);
        all.push(CertificateFiles { namespace, name, chain, key });
    }
    Ok(all)
}

/// Reads authorities.
///
/// # Errors
/// A message for the user when a file cannot be read, or an object is named twice.
pub(super) fn read_authorities(paths: Vec<AuthoritiesPath>) -> Result<Vec<AuthoritiesFile>, String> {
    let mut all: Vec<AuthoritiesFile> = Vec::new();
    for AuthoritiesPath { object: (namespace, name), file } in paths {
        if all.iter().any(|one| (&one.namespace, &one.name) == (&namespace, &name)) {
            return Err(format!("--ca says twice what stands for {namespace}/{name}"));
        }
        let failed = |why| format!("--ca {namespace}/{name}: cannot read `{}`: {why}", path_for_terminal(&file));
        let file = read(&file).map_err(failed)?;
        all.push(AuthoritiesFile { namespace, name, file });
    }
    Ok(all)
}

/// The files that options hold.
pub(super) fn files(options: &Options) -> impl Iterator<Item = &GivenFile> {
    let certificates = options.certificates.iter().flat_map(|one| [&one.chain, &one.key]);
    certificates.chain(options.authorities.iter().map(|one| &one.file))
}

/// Reads the files of options again: they may have been renewed. Says in words which of them cannot be read; what those
/// held before counts.
pub(super) fn renew(options: &mut Options) -> Vec<String> {
    let certificates = options.certificates.iter_mut().flat_map(|one| [&mut one.chain, &mut one.key]);
    let files = certificates.chain(options.authorities.iter_mut().map(|one| &mut one.file));
    let mut complaints = Vec::new();
    for file in files {
        match read(Path::new(&file.path)) {
            Ok(renewed) => *file = renewed,
            Err(why) => complaints.push(format!(
                "cannot read `{}`: {why}: what it held before counts",
                path_for_terminal(Path::new(&file.path))
            )),
        }
    }
    complaints
}

fn read(file: &Path) -> Result<GivenFile, String> {
    let words = |error: io::Error| error.to_string();
    let path = std::path::absolute(file).map_err(words)?;
    let path = path.to_str().ok_or("its path is not UTF-8")?.to_owned();
    let metadata = std::fs::metadata(file).map_err(words)?;
    // A pipe would be waited for, and a device has no end.
    if !metadata.is_file() {
        return Err(if metadata.is_dir() { "it is a directory" } else { "it is no file" }.to_owned());
    }
    let mut content = Vec::new();
    File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content)).map_err(words)?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(GivenFile { path, content }),
        _ => Err(format!("it has more than {LARGEST} bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(name: &str, chain: &Path, key: &Path) -> CertificatePaths {
        CertificatePaths { secret: ("infra".into(), name.into()), chain: chain.into(), key: key.into() }
    }

    #[test]
    fn what_cannot_be_read_is_named_and_no_content_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let (file, gone) = (directory.path().join("a"), directory.path().join("gone"));
        std::fs::write(&file, "a private key").unwrap();
        let read = read_certificates(vec![paths("a", &file, &file)]).unwrap();
        assert!(!format!("{read:?}").contains("private"), "{read:?}");
        for (chain, key, words) in
            [(&gone, &file, "gone"), (&file, &gone, "gone"), (&file, &directory.path().to_path_buf(), "a directory")]
        {
            let message = read_certificates(vec![paths("a", chain, key)]).unwrap_err();
            assert!(message.contains("infra/a") && message.contains(words), "{message}");
        }
        assert!(
            read_certificates(vec![paths("a", &file, &file), paths("a", &file, &file)]).unwrap_err().contains("twice")
        );
        std::fs::write(&file, vec![b'x'; 1 << 21]).unwrap();
        let object = ("infra".into(), "a".into());
        assert!(read_authorities(vec![AuthoritiesPath { object, file }]).unwrap_err().contains("more than"));
    }
}
