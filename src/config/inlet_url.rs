//! The inlet's address: whoever knows it can post to an inlet without authentication, so it does
//! not print.

use std::fmt;

use url::Url;

/// The address of an inlet. Prints as its origin only; the id stays inside.
#[derive(Clone, PartialEq, Eq)]
pub struct InletUrl(Url);

impl InletUrl {
    /// Wraps an address whose path is `/collection/{inlet id}`.
    pub(super) fn new(url: Url) -> Self {
        Self(url)
    }

    /// `…/collection/{inlet id}`, for single messages.
    pub fn single(&self) -> Url {
        self.0.clone()
    }

    /// `…/collection/batch/{inlet id}`, for batches.
    pub fn batch(&self) -> Url {
        let mut url = self.0.clone();
        let path = url.path().replacen("/collection/", "/collection/batch/", 1);
        url.set_path(&path);
        url
    }
}

impl fmt::Display for InletUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for InletUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InletUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_used_and_never_printed() {
        let url = Url::parse("https://dcs.adobedc.net/collection/abc").expect("a URL");
        let inlet = InletUrl::new(url);
        assert!(inlet.single().path().ends_with("/collection/abc"));
        assert!(inlet.batch().path().ends_with("/collection/batch/abc"));
        assert_eq!(
            format!("{inlet} {inlet:?}"),
            "https://dcs.adobedc.net InletUrl(https://dcs.adobedc.net)"
        );
    }
}
