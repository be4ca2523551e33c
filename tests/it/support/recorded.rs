//! Answers recorded from the real Zendesk, where they can be found.
//!
//! They lie outside of this project, in the folder that `ZENDESK_AEP_SHARED` names or else in
//! `../shared`, and are never copied into it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use zendesk_aep::sandbox::Answer;

/// A folder of what is shared between projects, if it is there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("ZENDESK_AEP_SHARED") {
        Some(named) => PathBuf::from(named),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}

/// One recorded answer.
#[derive(Debug, Deserialize)]
pub struct Recorded {
    pub status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default = "json")]
    body_type: String,
    #[serde(default)]
    pub body: Option<Box<RawValue>>,
}

fn json() -> String {
    "json".to_owned()
}

#[derive(Deserialize)]
struct Exchange {
    response: Recorded,
}

/// What was recorded in a file: one exchange or a chain of them.
pub fn recorded(folder: &Path, file: &str) -> Vec<Recorded> {
    let text = std::fs::read_to_string(folder.join(file)).expect("the recording");
    let exchanges = match serde_json::from_str::<Vec<Exchange>>(&text) {
        Ok(chain) => chain,
        Err(_) => vec![serde_json::from_str(&text).expect("an exchange")],
    };
    exchanges
        .into_iter()
        .map(|exchange| exchange.response)
        .collect()
}

impl Recorded {
    /// The answer as it was, but for what described its journey.
    pub fn answer(&self) -> Answer {
        let mut answer = Answer::empty(self.status);
        for (name, value) in &self.headers {
            let journey = ["content-encoding", "transfer-encoding", "content-length"];
            if !journey.contains(&name.to_ascii_lowercase().as_str()) {
                answer = answer.header(name, value);
            }
        }
        match (&self.body, self.body_type.as_str()) {
            (Some(body), "json") => answer.body(body.get().to_owned()),
            (Some(body), "text") => {
                let text: String = serde_json::from_str(body.get()).expect("text");
                answer.body(text)
            }
            _ => answer,
        }
    }

    /// The records under `key`, byte for byte as they stand in the recording.
    pub fn records(&self, key: &str) -> Vec<String> {
        self.records_if_any(key).expect("records")
    }

    /// The same, of an answer that may be about something else.
    pub fn records_if_any(&self, key: &str) -> Option<Vec<String>> {
        let body = self.body.as_ref()?.get();
        let mut members: HashMap<&str, &RawValue> = serde_json::from_str(body).ok()?;
        let records = members.remove(key)?;
        let records: Vec<&RawValue> = serde_json::from_str(records.get()).ok()?;
        let texts = records.iter().map(|record| record.get().to_owned());
        Some(texts.collect())
    }
}
