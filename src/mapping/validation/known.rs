//! What is known of Adobe's standard fields without asking for a schema.
//!
//! Taken from the published field groups that support and contact data goes into. What is not
//! listed is judged by the rules for all values only.

use super::forms::Form;

/// What a value must be.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing is known.
    Anything,
    /// Text of a form.
    Text(Form),
    /// `true` or `false`.
    Boolean,
    /// `true` or `false`; at most one in a message is `true`.
    Primary,
    /// A whole number.
    Integer,
    /// A number from the first to the second.
    Number(f64, f64),
    /// An object.
    Object(&'static Object),
    /// A list of such elements.
    List(&'static Known),
}

/// What an object must be.
#[derive(Debug)]
pub(super) struct Object {
    /// The members that are known, at most 64.
    pub(super) members: &'static [(&'static str, Known)],
    /// All others.
    pub(super) others: &'static Known,
    /// Which members are needed, and by which other member; by the object itself if that is none.
    pub(super) needs: &'static [(Option<&'static str>, &'static str)],
}

const fn object(members: &'static [(&'static str, Known)]) -> Object {
    Object {
        members,
        others: &Known::Anything,
        needs: &[],
    }
}

const TEXT: Known = Known::Text(Form::Any);
const DATE_TIME: Known = Known::Text(Form::DateTime);

/// The mapped object.
pub(super) static ENTITY: Known = Known::Object(&MEMBERS);

static MEMBERS: Object = Object {
    members: &[
        ("_id", Known::Text(Form::UriReference)),
        ("timestamp", DATE_TIME),
        ("eventType", TEXT),
        ("producedBy", TEXT),
        ("identityMap", Known::Object(&IDENTITY_MAP)),
        ("personID", TEXT),
        ("person", Known::Object(&PERSON)),
        ("personalEmail", Known::Object(&EMAIL)),
        ("workEmail", Known::Object(&EMAIL)),
        ("mobilePhone", Known::Object(&PHONE)),
        ("homePhone", Known::Object(&PHONE)),
        ("workPhone", Known::Object(&PHONE)),
        ("otherPhone", Known::Object(&PHONE)),
        ("faxPhone", Known::Object(&PHONE)),
        ("accountPhone", Known::Object(&PHONE)),
        ("accountFax", Known::Object(&PHONE)),
        ("homeAddress", Known::Object(&ADDRESS)),
        ("workAddress", Known::Object(&ADDRESS)),
        ("mailingAddress", Known::Object(&ADDRESS)),
        ("billingAddress", Known::Object(&ADDRESS)),
        ("shippingAddress", Known::Object(&ADDRESS)),
        ("accountPhysicalAddress", Known::Object(&ADDRESS)),
        ("accountBillingAddress", Known::Object(&ADDRESS)),
        ("accountShippingAddress", Known::Object(&ADDRESS)),
        ("preferredLanguage", Known::Text(Form::Language)),
        ("timeZone", TEXT),
        ("profilePictureLink", TEXT),
        ("testProfile", Known::Boolean),
        ("extSourceSystemAudit", Known::Object(&AUDIT)),
        ("channel", Known::Object(&CHANNEL)),
        ("surveyResponse", Known::Object(&SURVEY)),
        ("accountKey", Known::Object(&SOURCE_KEY)),
        ("personKey", Known::Object(&SOURCE_KEY)),
        ("accountPersonKey", Known::Object(&SOURCE_KEY)),
        ("b2b", Known::Object(&B2B)),
        ("accountID", TEXT),
        ("accountName", TEXT),
        ("accountNumber", TEXT),
        ("accountOrganization", Known::Object(&ORGANIZATION)),
        ("defaultCurrencyCode", Known::Text(Form::Currency)),
        ("currencyCode", Known::Text(Form::Currency)),
        ("isDeleted", Known::Boolean),
        ("isActive", Known::Boolean),
        ("isDirect", Known::Boolean),
        ("isPrimary", Known::Boolean),
        ("relationStartDate", DATE_TIME),
        ("relationEndDate", DATE_TIME),
    ],
    others: &Known::Anything,
    // What names a type or a time is an event.
    needs: &[
        (Some("timestamp"), "_id"),
        (Some("eventType"), "_id"),
        (Some("eventType"), "timestamp"),
    ],
};

/// Namespaces by their codes, each with a list of identities.
static IDENTITY_MAP: Object = Object {
    members: &[
        ("Email", Known::List(&Known::Object(&IDENTITY_EMAIL))),
        ("Phone_E.164", Known::List(&Known::Object(&IDENTITY_PHONE))),
    ],
    others: &Known::List(&Known::Object(&IDENTITY)),
    needs: &[],
};

const fn identity(members: &'static [(&'static str, Known)]) -> Object {
    Object {
        members,
        others: &Known::Anything,
        needs: &[(None, "id")],
    }
}

const AUTHENTICATED_STATE: Known =
    Known::Text(Form::OneOf(&["ambiguous", "authenticated", "loggedOut"]));

static IDENTITY: Object = identity(&[
    ("id", Known::Text(Form::Identity)),
    ("authenticatedState", AUTHENTICATED_STATE),
    ("primary", Known::Primary),
]);

static IDENTITY_EMAIL: Object = identity(&[
    ("id", Known::Text(Form::EmailIdentity)),
    ("authenticatedState", AUTHENTICATED_STATE),
    ("primary", Known::Primary),
]);

static IDENTITY_PHONE: Object = identity(&[
    ("id", Known::Text(Form::PhoneIdentity)),
    ("authenticatedState", AUTHENTICATED_STATE),
    ("primary", Known::Primary),
]);

static PERSON: Object = object(&[
    ("name", Known::Object(&NAME)),
    ("birthDate", Known::Text(Form::Date)),
    ("birthYear", Known::Integer),
    ("nationality", Known::Text(Form::Country)),
]);

static NAME: Object = object(&[
    ("fullName", TEXT),
    ("firstName", TEXT),
    ("middleName", TEXT),
    ("lastName", TEXT),
]);

static EMAIL: Object = object(&[
    ("address", Known::Text(Form::Email)),
    ("primary", Known::Boolean),
    ("status", TEXT),
]);

static PHONE: Object = object(&[
    ("number", TEXT),
    ("countryCode", Known::Text(Form::DialCode)),
    ("extension", TEXT),
    ("primary", Known::Boolean),
    ("status", TEXT),
]);

static ADDRESS: Object = object(&[
    ("countryCode", Known::Text(Form::Country)),
    ("primary", Known::Boolean),
]);

static AUDIT: Object = object(&[
    ("createdDate", DATE_TIME),
    ("lastUpdatedDate", DATE_TIME),
    ("lastActivityDate", DATE_TIME),
    ("lastReferencedDate", DATE_TIME),
    ("lastViewedDate", DATE_TIME),
    ("externalID", TEXT),
]);

static CHANNEL: Object = Object {
    members: &[
        ("_id", Known::Text(Form::UriReference)),
        ("_type", Known::Text(Form::Uri)),
        ("typeAtSource", TEXT),
    ],
    others: &Known::Anything,
    needs: &[(None, "_id")],
};

static SURVEY: Object = object(&[
    ("surveyID", TEXT),
    ("surveyQuestions", Known::List(&TEXT)),
    ("surveyAnswers", Known::List(&TEXT)),
]);

static SOURCE_KEY: Object = object(&[
    ("sourceType", TEXT),
    ("sourceInstanceID", TEXT),
    ("sourceID", TEXT),
    ("sourceKey", TEXT),
]);

static B2B: Object = object(&[
    ("personKey", Known::Object(&SOURCE_KEY)),
    ("accountKey", Known::Object(&SOURCE_KEY)),
]);

static ORGANIZATION: Object = object(&[
    ("rating", Known::Number(0.0, 1.0)),
    ("numberOfEmployees", Known::Integer),
    ("annualRevenue", Known::Object(&REVENUE)),
    ("domain", TEXT),
    ("primaryEmailDomain", TEXT),
]);

static REVENUE: Object = object(&[
    ("amount", Known::Number(f64::MIN, f64::MAX)),
    ("currencyCode", Known::Text(Form::Currency)),
]);

const _: () = assert!(MEMBERS.members.len() <= 64);
