//! The schema that a stream's messages are judged by: read from a file, or fetched from the Schema
//! Registry, with a copy in the state directory for the hours in which that cannot be reached.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Error, blocking};
use crate::error::{Chain, Code, Explain};
use crate::mapping::{self, Schema};
use crate::platform::SchemaRegistry;
use crate::{files, limits};

/// Where one stream's schema comes from, and the schema as it was last read.
#[derive(Debug)]
pub struct SchemaSource {
    origin: Origin,
    present: Mutex<Option<Present>>,
}

/// Where a schema comes from.
#[derive(Debug)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// The Schema Registry.
    Registry {
        /// Where it is.
        registry: Box<SchemaRegistry>,
        /// The schema's `$id`.
        id: String,
        /// Where the copy is kept.
        copy: PathBuf,
    },
}

#[derive(Debug)]
struct Present {
    schema: Arc<Schema>,
    since: Instant,
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFault {
    /// The file cannot be read.
    #[error("cannot read the schema in `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It was read, and is no schema to judge messages by.
    #[error("the schema {origin} cannot be used")]
    Unusable {
        /// Where it is from.
        origin: String,
        /// What is wrong with it.
        source: mapping::SchemaError,
    },
}

impl Explain for SchemaFault {
    fn code(&self) -> Code {
        Code::Schema
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable { .. } => Some("check `schema_file`, and who may read it"),
            Self::Unusable { .. } => Some(
                "what is wanted is the schema as the registry gives it for `application/vnd.adobe.xed-full+json; version=1`",
            ),
        }
    }
}

impl SchemaSource {
    /// Reads nothing yet.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            present: Mutex::default(),
        }
    }

    /// The schema, read at the first call and from time to time.
    ///
    /// # Errors
    /// When it cannot be read and there is no earlier one to go on with.
    pub async fn schema(&self) -> Result<Arc<Schema>, Error> {
        let mut present = self.present.lock().await;
        if let Some(Present { schema, since }) = &*present
            && since.elapsed() < limits::SCHEMA_AGE_MAX
        {
            return Ok(schema.clone());
        }
        let schema = match (self.read().await, &*present) {
            (Ok(schema), _) => schema,
            (Err(error), Some(Present { schema, .. })) => {
                let id = match &self.origin {
                    Origin::File(path) => path.display().to_string(),
                    Origin::Registry { id, .. } => id.clone(),
                };
                tracing::warn!(
                    schema = id,
                    "cannot read the schema again: {}; going on with the one from before",
                    Chain(&error)
                );
                schema.clone()
            }
            (Err(error), None) => return Err(error),
        };
        *present = Some(Present {
            schema: schema.clone(),
            since: Instant::now(),
        });
        Ok(schema)
    }

    /// The schema in the file, or in the copy that was kept.
    ///
    /// # Errors
    /// When there is neither.
    pub async fn offline(&self) -> Result<Arc<Schema>, SchemaFault> {
        match &self.origin {
            Origin::File(path) | Origin::Registry { copy: path, .. } => from_file(path).await,
        }
    }

    async fn read(&self) -> Result<Arc<Schema>, Error> {
        match &self.origin {
            Origin::File(path) => Ok(from_file(path).await?),
            Origin::Registry { registry, id, copy } => {
                let fetched = match registry.schema(id).await {
                    Ok(text) => compile(format!("`{id}`"), &text)
                        .map(|schema| (schema, text))
                        .map_err(Error::from),
                    Err(error) => Err(Error::from(error)),
                };
                match fetched {
                    Ok((schema, text)) => {
                        keep(copy.clone(), text).await;
                        Ok(schema)
                    }
                    // A stop is no reason to begin anything.
                    Err(error) if error.code() == Code::Interrupted => Err(error),
                    Err(error) => from_copy(copy, error).await,
                }
            }
        }
    }
}

fn compile(origin: String, text: &[u8]) -> Result<Arc<Schema>, SchemaFault> {
    let schema = Schema::compile(text);
    schema
        .map(Arc::new)
        .map_err(|source| SchemaFault::Unusable { origin, source })
}

async fn from_file(path: &Path) -> Result<Arc<Schema>, SchemaFault> {
    let text = read_file(path.to_owned()).await?;
    compile(format!("in `{}`", path.display()), &text)
}

/// The schema of the copy; the error that made it needed, if there is none.
async fn from_copy(copy: &Path, error: Error) -> Result<Arc<Schema>, Error> {
    let Ok(schema) = from_file(copy).await else {
        return Err(error);
    };
    tracing::warn!(
        copy = %copy.display(),
        "cannot fetch the schema: {}; going on with the copy that was kept of it",
        Chain(&error)
    );
    Ok(schema)
}

/// Keeps a copy. That it cannot be kept is no reason not to go on.
async fn keep(copy: PathBuf, text: Bytes) {
    let kept = blocking({
        let copy = copy.clone();
        move || {
            if let Some(directory) = copy.parent() {
                files::create_directory(directory)?;
            }
            // Another process of ours may be at it as well.
            let draft = copy.with_extension(format!("{}.tmp", std::process::id()));
            files::write_new(&draft, &text)?;
            files::replace(&copy, &draft)
        }
    })
    .await;
    if let Err(error) = kept {
        tracing::warn!(copy = %copy.display(), "cannot keep a copy of the schema: {error}");
    }
}

async fn read_file(path: PathBuf) -> Result<Vec<u8>, SchemaFault> {
    blocking(move || {
        let mut text = Vec::new();
        let max = limits::SCHEMA_BYTES_MAX as u64;
        let read = File::open(&path).and_then(|file| file.take(max + 1).read_to_end(&mut text));
        let read = read.and_then(|_| match text.len() <= limits::SCHEMA_BYTES_MAX {
            true => Ok(text),
            false => Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {max} bytes"),
            )),
        });
        read.map_err(|source| SchemaFault::Unreadable { path, source })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Validation;

    fn schema(field: &str) -> String {
        format!(r#"{{"properties":{{"{field}":{{"type":"string"}}}}}}"#)
    }

    async fn takes(source: &SchemaSource, field: &str) -> bool {
        let schema = source.schema().await.expect("a schema");
        let message = format!(r#"{{"{field}":"x"}}"#);
        Validation::Schema(schema).check(message.as_bytes()).is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_schema_is_read_again_when_it_is_old_and_stays_if_that_fails() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("schema.json");
        let source = SchemaSource::new(Origin::File(path.clone()));
        assert!(source.schema().await.is_err(), "there is none yet");
        std::fs::write(&path, schema("old")).expect("written");
        assert!(takes(&source, "old").await);
        std::fs::write(&path, schema("new")).expect("written");
        tokio::time::advance(limits::SCHEMA_AGE_MAX - std::time::Duration::from_secs(1)).await;
        assert!(takes(&source, "old").await, "it is young enough");
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        assert!(takes(&source, "new").await);
        assert!(!takes(&source, "old").await);
        for broken in ["", "{}", "<html>"] {
            std::fs::write(&path, broken).expect("written");
            tokio::time::advance(limits::SCHEMA_AGE_MAX).await;
            assert!(takes(&source, "new").await, "better than none: {broken}");
        }
        std::fs::write(&path, schema("newest")).expect("written");
        tokio::time::advance(limits::SCHEMA_AGE_MAX).await;
        assert!(takes(&source, "newest").await);
    }

    #[tokio::test]
    async fn a_file_too_large_is_no_schema() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("schema.json");
        std::fs::write(&path, " ".repeat(limits::SCHEMA_BYTES_MAX + 1)).expect("written");
        let fault = SchemaSource::new(Origin::File(path)).schema().await;
        let fault = fault.expect_err("too large");
        assert!(
            Chain(&fault).to_string().contains("larger than"),
            "{fault:?}"
        );
    }
}
