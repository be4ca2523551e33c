//! The words that rows of the catalogue are written in.

use super::{
    Area, DeletionSign, Leaving, Options, Pagination, Place, Reading, StreamEnd, StreamSpec, Text,
    TimeUnit,
};

impl StreamSpec {
    /// A row of which nothing is said but how it is read.
    pub fn new(name: impl Into<Text>, reading: Reading, page_max: u32) -> Self {
        let name = name.into();
        Self {
            name: name.clone(),
            area: Area::Declared,
            reading,
            records_key: name,
            id_field: "id".into(),
            version_field: Some("updated_at".into()),
            listed_version_field: None,
            page_max,
            query: Vec::new(),
            search_type: None,
            list_path: None,
            deleted_in: None,
            count_path: None,
            deletion: DeletionSign::None,
            leaving: Leaving::Deletion,
            options: Options::default(),
            needs: "".into(),
            note: "".into(),
        }
    }

    pub(super) fn incremental(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Reading::Incremental { path: path.into() }, 1_000).needs("admin")
    }

    pub(super) fn time(name: &'static str, path: &'static str) -> Self {
        let reading = Reading::Time {
            path: path.into(),
            unit: TimeUnit::Seconds,
            end: StreamEnd::EndOfStream,
            size: None,
        };
        Self::new(name, reading, 1_000).needs("admin")
    }

    /// A time export that takes this parameter for the records in a page.
    pub(super) fn sized(mut self, parameter: &'static str) -> Self {
        if let Reading::Time { size, .. } = &mut self.reading {
            *size = Some(parameter.into());
        }
        self
    }

    /// A time export that ends with a short page.
    pub(super) fn short(mut self) -> Self {
        if let Reading::Time { end, .. } = &mut self.reading {
            *end = StreamEnd::ShortPage;
        }
        self
    }

    /// A time export that counts in microseconds.
    pub(super) fn in_microseconds(mut self) -> Self {
        if let Reading::Time { unit, .. } = &mut self.reading {
            *unit = TimeUnit::Microseconds;
        }
        self
    }

    pub(super) fn list(name: &'static str, path: &'static str, pagination: Pagination) -> Self {
        let path = path.into();
        Self::new(name, Reading::List { path, pagination }, 100).needs("agent")
    }

    pub(super) fn inside(name: &'static str, parent: &'static str, place: Place) -> Self {
        let reading = Reading::Inside {
            parent: parent.into(),
            include: None,
            place,
        };
        Self::new(name, reading, 1_000).needs("agent")
    }

    /// The sideload that brings a stream inside its parent's answers.
    pub(super) fn sideload(mut self, wanted: &'static str) -> Self {
        if let Reading::Inside { include, .. } = &mut self.reading {
            *include = Some(wanted.into());
        }
        self
    }

    pub(super) fn children(name: &'static str, parent: &'static str, path: &'static str) -> Self {
        let reading = Reading::Children {
            parent: parent.into(),
            path: path.into(),
            pagination: Pagination::Cursor,
            append_only: false,
        };
        Self::new(name, reading, 100).needs("agent")
    }

    pub(super) fn append_only(mut self) -> Self {
        if let Reading::Children { append_only, .. } = &mut self.reading {
            *append_only = true;
        }
        self
    }

    pub(super) fn in_one_answer(mut self) -> Self {
        if let Reading::Children { pagination, .. } = &mut self.reading {
            *pagination = Pagination::Single;
        }
        self
    }

    pub(super) fn key(self, records_key: &'static str) -> Self {
        let records_key = records_key.into();
        Self {
            records_key,
            ..self
        }
    }

    pub(super) fn id(self, id_field: &'static str) -> Self {
        let id_field = id_field.into();
        Self { id_field, ..self }
    }

    pub(super) fn version(self, field: &'static str) -> Self {
        let version_field = Some(field.into());
        Self {
            version_field,
            ..self
        }
    }

    pub(super) fn listed_by(self, field: &'static str) -> Self {
        let listed_version_field = Some(field.into());
        Self {
            listed_version_field,
            ..self
        }
    }

    pub(super) fn unversioned(self) -> Self {
        Self {
            version_field: None,
            ..self
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    pub(super) fn search(self, search_type: &'static str) -> Self {
        let search_type = Some(search_type.into());
        Self {
            search_type,
            ..self
        }
    }

    pub(super) fn listed_at(self, path: &'static str) -> Self {
        let list_path = Some(path.into());
        Self { list_path, ..self }
    }

    pub(super) fn count(self, path: &'static str) -> Self {
        let count_path = Some(path.into());
        Self { count_path, ..self }
    }

    /// Its deleted records have a list of their own.
    pub(super) fn deleted_in(self, stream: &'static str) -> Self {
        let deleted_in = Some(stream.into());
        Self { deleted_in, ..self }
    }

    pub(super) fn deleted(self, deletion: DeletionSign) -> Self {
        Self { deletion, ..self }
    }

    /// Records leave the list without being deleted.
    pub(super) fn expiring(self) -> Self {
        let leaving = Leaving::Expiry;
        Self { leaving, ..self }
    }

    pub(super) fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    pub(super) fn needs(self, needs: &'static str) -> Self {
        let needs = needs.into();
        Self { needs, ..self }
    }

    pub(super) fn note(self, note: &'static str) -> Self {
        let note = note.into();
        Self { note, ..self }
    }
}
