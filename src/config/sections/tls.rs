//! `[tls]`: certificate authorities besides the system's.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::resolve;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::text;
use crate::limits;

/// The file, if one is named, and what is in it.
pub(super) fn tls(
    section: &mut Section<'_>,
) -> Read<(Option<PathBuf>, Vec<CertificateDer<'static>>)> {
    let Some(path) = section.optional("ca_file", text)? else {
        return Ok((None, Vec::new()));
    };
    let path = resolve(section, path);
    let authorities = authorities(&path).map_err(|problem| section.refuse("ca_file", problem))?;
    Ok((Some(path), authorities))
}

/// Every certificate of a file in PEM, as Debian's bundle is one. What else is in it is passed over.
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let file = path.display();
    let pem = read(path)?;
    let mut judge = RootCertStore::empty();
    let mut authorities = Vec::new();
    for (number, read) in (1..).zip(CertificateDer::pem_slice_iter(&pem)) {
        let damaged = || {
            Problem::new(
                format!("certificate {number} of `{file}` is damaged"),
                "fetch it again from whoever runs the certificate authority",
            )
        };
        let certificate = read.map_err(|_| damaged())?.into_owned();
        judge.add(certificate.clone()).map_err(|_| damaged())?;
        authorities.push(certificate);
    }
    if authorities.is_empty() {
        return Err(Problem::new(
            format!("`{file}` holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"),
            "put CA certificates into it; one in DER becomes PEM with `openssl x509 -inform der`",
        ));
    }
    Ok(authorities)
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let file = path.display();
    let unreadable = |why: String| {
        Problem::new(
            format!("`{file}` cannot be read: {why}"),
            "name a file with CA certificates in PEM that the user of this program may read",
        )
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(limits::CA_FILE_BYTES_MAX + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > limits::CA_FILE_BYTES_MAX {
        return Err(unreadable("it is larger than 4 MiB".to_owned()));
    }
    Ok(bytes)
}
