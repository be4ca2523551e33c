//! How the account's custom fields are defined: read page by page, and kept up to date.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zendesk_aep::clock::Clock;
use zendesk_aep::config;
use zendesk_aep::lifecycle::{self, CustomFields};
use zendesk_aep::mapping::{Account, Composer, FieldsOf, Notes};
use zendesk_aep::record::Record;
use zendesk_aep::sandbox::Simulator as _;
use zendesk_aep::zendesk::Client;

use crate::support::{SignIn, World, eventually};

const LIST: &str = "/api/v2/user_fields";

/// An account with three pages of custom user fields, and a mapping that sends titles of options.
struct Fields {
    world: World,
    clock: Clock,
    account: Arc<Account>,
    composer: Composer,
    custom_fields: Option<CustomFields>,
}

impl Fields {
    /// On a clock on which an hour takes six seconds.
    async fn new() -> Self {
        let clock = Clock::scaled(600);
        let mut world = World::with(|plan| {
            plan.zendesk.clock = clock;
            plan.zendesk.records.insert("user_fields".to_owned(), 250);
        })
        .await;
        world.write(
            "users.toml",
            "[promote.user_fields]\nplan = { path = \"_{TENANT}.plan\", type = \"string\", titles = true }\n",
        );
        let token = world.path("zendesk-access-token").display().to_string();
        world.settings.adobe_source_compatible();
        world.settings.sign_in(SignIn::AccessToken);
        world
            .settings
            .set("streams.users.mapping", "xdm")
            .set("streams.users.mapping_file", "users.toml")
            .set_secret("zendesk.auth.access_token", &token);
        let path = world.write("config.toml", world.settings.to_string());
        let config = config::load_without_environment(&path).expect("a configuration");
        let stop = CancellationToken::new();
        let client = Client::new(&config.zendesk, &config.retry, &stop, &clock);
        let account = Arc::new(Account::default());
        let composer = lifecycle::composer(&config.streams[0], &account).expect("a mapping");
        let client = Arc::new(client.expect("a client"));
        let custom_fields = CustomFields::new(client, account.clone(), &clock);
        custom_fields.refresh().await;
        Self {
            world,
            clock,
            account,
            composer,
            custom_fields: Some(custom_fields),
        }
    }

    /// Keeps them up to date from now on, until the guard is dropped.
    fn keep(&mut self) -> tokio_util::sync::DropGuard {
        let stop = CancellationToken::new();
        let custom_fields = self.custom_fields.take().expect("not kept yet");
        tokio::spawn(custom_fields.keep(stop.clone()));
        stop.drop_guard()
    }

    fn requests(&self) -> usize {
        self.world.zendesk.requests_to(LIST).len()
    }

    /// Whether every field of the account is known.
    fn all_are_known(&self) -> bool {
        let fields = self.world.zendesk.collection("user_fields");
        let fields = fields.expect("a stream").present();
        let known = self.account.definitions();
        let is_known = |id: &str| known.get(FieldsOf::Users, &format!("field_{id}")).is_some();
        fields.iter().all(|field| is_known(&field.id))
    }

    fn create_one(&self) {
        let fields = self.world.zendesk.collection("user_fields");
        fields.expect("a stream").create(1);
        assert!(!self.all_are_known());
    }
}

#[tokio::test]
async fn all_pages_are_read() {
    let fields = Fields::new().await;
    assert!(fields.all_are_known());
    assert_eq!(fields.requests(), 3);
}

#[tokio::test]
async fn they_are_read_again_every_hour() {
    let mut fields = Fields::new().await;
    let _kept = fields.keep();
    let begin = fields.clock.elapsed();
    fields.create_one();
    eventually("the new field is known", || fields.all_are_known()).await;
    let waited = fields.clock.elapsed() - begin;
    assert!(waited >= Duration::from_secs(60 * 60), "{waited:?}");
}

#[tokio::test]
async fn a_field_that_nobody_knows_has_them_read_soon() {
    let mut fields = Fields::new().await;
    let _kept = fields.keep();
    let begin = fields.clock.elapsed();
    fields.create_one();
    let user = r#"{"id":7,"updated_at":"2026-01-01T00:00:00Z","user_fields":{"brand_new":"x"}}"#;
    let record = Record::new(user.into(), None, None);
    let composed = fields
        .composer
        .write(&record, &mut Vec::new(), &mut Notes::counting());
    composed.expect("a message");
    eventually("the new field is known", || fields.all_are_known()).await;
    let waited = fields.clock.elapsed() - begin;
    assert!(waited < Duration::from_secs(60 * 60), "{waited:?}");
}
