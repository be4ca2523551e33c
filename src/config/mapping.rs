//! What the configuration says of mappings.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Envelope, Privacy};
use crate::limits;

/// How records become messages, with what each way needs.
#[derive(Clone, Debug)]
pub enum Mapping {
    /// The record's own bytes; the dataflow named by the flow id maps them.
    Raw {
        /// What is put around them.
        wrap: Option<Wrap>,
    },
    /// An object that a preset and perhaps a mapping file describe, in the XDM envelope.
    Mapped(Mapped),
}

/// What is put around a raw record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// `{"result": …}` with a `result_type` inside, as Adobe's own Zendesk source has it, so that
    /// mapping sets made for that one go on working.
    Result,
}

/// A mapping by preset and file.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// What it begins with.
    pub preset: Preset,
    /// What is laid on it.
    pub file: Option<MappingFile>,
    /// Tenant namespace with its leading underscore.
    pub tenant: String,
    /// What the envelope names.
    pub envelope: Envelope,
    /// `[mapping]`
    pub settings: Arc<MappingSettings>,
}

/// The mappings that come with the program. Each stream has its own kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The attributes of Adobe's own Zendesk source.
    AdobeSourceCompatible,
    /// The standard mapping of the stream.
    Standard,
    /// `users`: for Adobe's B2B edition.
    B2b,
    /// `tickets`: a record for each ticket, instead of an event for each version.
    Record,
    /// `organizations`: a custom class, instead of Business Account.
    Custom,
}

/// A mapping file as it was read.
#[derive(Clone, Debug)]
pub struct MappingFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says; not checked yet.
    pub text: Arc<str>,
}

impl MappingFile {
    /// Reads a mapping file; what it says is checked when it is compiled.
    ///
    /// # Errors
    /// Why it cannot be one, to be read after its name.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| {
            file.take(limits::MAPPING_FILE_BYTES_MAX + 1)
                .read_to_string(&mut text)
        });
        match read {
            Err(error) => Err(format!("cannot be read: {error}")),
            Ok(bytes) if bytes as u64 > limits::MAPPING_FILE_BYTES_MAX => {
                Err("is larger than 4 MiB, so it is no mapping file".to_owned())
            }
            Ok(_) => Ok(Self {
                path: path.to_owned(),
                text: text.into(),
            }),
        }
    }
}

/// `[mapping]`: what all mappings share.
#[derive(Clone, Debug)]
pub struct MappingSettings {
    /// Names the Zendesk instance in ids and keys; must stay the same for ever.
    pub instance: String,
    /// How people are identified.
    pub identity_mode: IdentityMode,
    /// The identity namespace of Zendesk's user ids.
    pub user_namespace: String,
    /// The identity namespace of `external_id`, if it is an identity.
    pub external_id_namespace: Option<String>,
    /// How names are taken apart.
    pub name_split: NameSplit,
    /// Whether addresses are private ones or those of a job.
    pub contact_style: ContactStyle,
    /// Whose number the phone number is.
    pub phone_target: PhoneTarget,
    /// Whether addresses below `.test`, `.local` and the like are valid.
    pub accept_reserved_email_domains: bool,
    /// What becomes of events that are nobody's.
    pub events_without_person: WithoutPerson,
    /// The roles of the users that are sent; empty for all.
    pub user_roles: Vec<String>,
    /// Users with one of these tags are test profiles.
    pub test_tags: Vec<String>,
    /// So are users with an address of one of these domains.
    pub test_email_domains: Vec<String>,
    /// Which fields do not leave as they are, of streams that do not say it themselves.
    pub privacy: Option<Privacy>,
}

/// How people are identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityMode {
    /// By an `identityMap` in each message.
    IdentityMap,
    /// By fields that the schema marks as identities.
    Fields,
}

/// How a name is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSplit {
    /// Only where there is no doubt: two words, each beginning with a letter, without digits and
    /// commas. A wrong first name is worse than none.
    Conservative,
    /// Not at all.
    Never,
    /// At the first blank.
    Always,
}

/// Whether addresses are private ones or those of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactStyle {
    /// `personalEmail`
    Personal,
    /// `workEmail`
    Work,
}

/// Whose number the phone number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneTarget {
    /// `mobilePhone`
    Mobile,
    /// `homePhone`
    Home,
    /// `workPhone`
    Work,
}

/// What becomes of events that are nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutPerson {
    /// They are refused: Profile would refuse them too, and silently.
    Refuse,
    /// They are sent without an identity, for datasets that are not enabled for Profile.
    Send,
}
