//! What the program says to a configuration or a command line it cannot run on.

use zendesk_aep::sandbox::Simulator as _;

use crate::support::World;

/// Runs a command that must end in 2 and ask nobody anything; what it said.
async fn refused(world: &World, arguments: &[&str]) -> String {
    let run = world.run(arguments).await;
    run.assert_code(2);
    assert_eq!(run.stdout, "");
    assert!(world.zendesk.requests().is_empty());
    assert!(world.platform.requests().is_empty());
    world.readable(&run.stderr)
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let world = World::new().await;
    let text = refused(&world, &["sync", "--config", "elsewhere.toml"]).await;
    insta::assert_snapshot!(text, @"
        error: there is no configuration file at `elsewhere.toml`
            name the right file with `--config` or the environment variable `ZENDESK_AEP_CONFIG`
        ");
}

#[tokio::test]
async fn several_faults_at_once() {
    let mut world = World::new().await;
    world
        .settings
        .set("zendesk.page_size", 5_000)
        .set("zendesk.pagesize", 10)
        .set("retry.max_delay", "1 fortnight")
        .set("streams.users.mapping", "adobe-source-compatible")
        .set("schedule.cron", "0 0 * * * *");
    insta::assert_snapshot!(refused(&world, &["sync"]).await, @r#"
        error: the configuration has 7 faults

          DIR/config.toml:6: platform.tenant: this key is missing
              write the tenant's namespace: the mapping `adobe-source-compatible` needs it
          DIR/config.toml:14: retry.max_delay: `1 fortnight` is not a duration
              write a number with a unit, like "90s", "5m" or "1h"; the units are `ms`, `s`, `m`, `h` and `d`
          DIR/config.toml:18: schedule.cron: this contradicts `every`, which says when as well
              keep one of the two
          DIR/config.toml:24: streams.users.dataset_id: this key is missing
              write the dataset's id: the mapping `adobe-source-compatible` needs it
          DIR/config.toml:24: streams.users.schema_id: this key is missing
              write the schema's `$id`: the mapping `adobe-source-compatible` needs it
          DIR/config.toml:30: zendesk.page_size: `5000` is out of range
              write a whole number from 1 to 1000
          DIR/config.toml:31: zendesk.pagesize: unknown key
              write `page_size`
        "#);
}

#[tokio::test]
async fn a_file_that_is_no_toml() {
    let world = World::new().await;
    world.write(
        "broken.toml",
        "[zendesk]\nsubdomain = \"acme\npage_size = 5\n",
    );
    let text = refused(&world, &["sync", "--config", "broken.toml"]).await;
    insta::assert_snapshot!(text, @r#"
        error: broken.toml:2: invalid basic string, expected `"`
            the file is written in TOML, see https://toml.io
        "#);
}

#[tokio::test]
async fn a_secret_in_plain_text_is_refused_and_not_repeated() {
    let mut world = World::new().await;
    world
        .settings
        .set("zendesk.auth.client_secret", "s3cr3t-in-the-open");
    world.set_env(
        "ZENDESK_AEP__PLATFORM__AUTH__CLIENT_SECRET",
        "s3cr3t-in-the-environment",
    );
    let text = refused(&world, &["sync"]).await;
    assert!(!text.contains("s3cr3t"), "{text}");
    insta::assert_snapshot!(text, @r#"
        error: the configuration has 3 faults

          DIR/config.toml: platform.auth.client_id: this key is missing
              write the client id of the OAuth server-to-server credential
          DIR/config.toml:32: zendesk.auth.client_secret: a secret is never written into the file
              write `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`
          environment variable ZENDESK_AEP__PLATFORM__AUTH__CLIENT_SECRET: platform.auth.client_secret: a secret is never given itself, only where to find it
              set `ZENDESK_AEP__PLATFORM__AUTH__CLIENT_SECRET__FILE`, `ZENDESK_AEP__PLATFORM__AUTH__CLIENT_SECRET__ENV` or `ZENDESK_AEP__PLATFORM__AUTH__CLIENT_SECRET__CREDENTIAL`
        "#);
}

#[tokio::test]
async fn plain_http_is_for_loopback_only() {
    let mut world = World::new().await;
    world
        .settings
        .set("zendesk.base_url", "http://acme.zendesk.com")
        .set(
            "platform.inlet_url",
            "http://dcs.adobedc.net/collection/0123456789abcdef",
        );
    let text = refused(&world, &["sync"]).await;
    assert!(
        !text.contains("0123456789abcdef"),
        "an inlet's id is a secret of sorts: {text}"
    );
    insta::assert_snapshot!(text, @"
        error: the configuration has 2 faults

          DIR/config.toml:8: platform.inlet_url: `http://dcs.adobedc.net` would receive credentials unencrypted
              write `https://`; plain `http://` is for loopback addresses only
          DIR/config.toml:27: zendesk.base_url: `http://acme.zendesk.com` would receive credentials unencrypted
              write `https://`; plain `http://` is for loopback addresses only
        ");
}

#[tokio::test]
async fn a_stream_that_is_not_configured() {
    let world = World::new().await;
    insta::assert_snapshot!(refused(&world, &["sync", "nosuch"]).await, @"
        error: the stream `nosuch` is not configured

        hint: configured are: users
        ");
}

#[tokio::test]
async fn a_command_that_does_not_exist() {
    let world = World::new().await;
    insta::assert_snapshot!(refused(&world, &["snyc"]).await, @"
        error: unrecognized subcommand 'snyc'

          tip: a similar subcommand exists: 'sync'

        Usage: zendesk-aep [OPTIONS] <COMMAND>

        For more information, try '--help'.
        ");
}

#[tokio::test]
async fn the_environment_overrides_the_file() {
    let mut world = World::new().await;
    world.set_env("ZENDESK_AEP__ZENDESK__PAGE_SIZE", "25");
    world.sync().await.assert_code(0);
    assert_eq!(world.page_requests()[0].head.query("per_page"), Some("25"));
}
