//! Behind a company's proxy and with certificates of one's own: both ends speak TLS under names that
//! only the proxy knows.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zendesk_aep::sandbox::Simulator as _;

use crate::support::{Authority, CompanyProxy, Finished, INLET, World, assert_settled};

const ZENDESK: &str = "acme.zendesk.test";
const INLET_HOST: &str = "dcs.adobedc.test";
const IMS: &str = "ims-na1.adobelogin.test";

const PASSWORD: &str = "hunter2";

/// A world whose ends are at their usual kinds of addresses; Zendesk's certificate is signed by
/// the first authority, Adobe's by the second.
struct Outside {
    world: World,
    authorities: [Authority; 2],
    proxy: CompanyProxy,
}

impl Outside {
    async fn new() -> Self {
        let mut world = World::with(|plan| plan.platform.authentication_required = true).await;
        let authorities = [Authority::new(), Authority::new()];
        let [of_zendesk, of_adobe] = &authorities;
        let zendesk = world.zendesk.server().address();
        let platform = world.platform.server().address();
        let proxy = CompanyProxy::to(&[
            (ZENDESK, of_zendesk.serve(ZENDESK, zendesk).await),
            (INLET_HOST, of_adobe.serve(INLET_HOST, platform).await),
            (IMS, of_adobe.serve(IMS, platform).await),
        ])
        .await;
        let inlet_url = world.platform.inlet_url();
        let (_, inlet) = inlet_url.split_once(INLET).expect("an inlet's path");
        world
            .settings
            .set("zendesk.base_url", format!("https://{ZENDESK}"))
            .set(
                "platform.inlet_url",
                format!("https://{INLET_HOST}{INLET}{inlet}"),
            )
            .sign_in_to_inlet(&format!("https://{IMS}"));
        let mut outside = Self {
            world,
            authorities,
            proxy,
        };
        let address = outside.proxy.address;
        outside.use_proxy(&format!("http://daemon:{PASSWORD}@{address}"));
        outside
    }

    fn use_proxy(&mut self, url: &str) {
        self.world.set_env("HTTPS_PROXY", url);
    }

    /// Names a bundle of both authorities' certificates, as Debian's is one.
    fn believe_both(&mut self) {
        let [of_zendesk, of_adobe] = self.authorities.each_ref().map(Authority::pem);
        self.world.write(
            "ca.pem",
            format!("# Zendesk's\n{of_zendesk}\n# Adobe's\n{of_adobe}"),
        );
        self.world.settings.set("tls.ca_file", "ca.pem");
    }
}

#[track_caller]
fn assert_silent(run: &Finished) {
    let text = format!("{}{}", run.stdout, run.stderr);
    let encoded = BASE64_STANDARD.encode(format!("daemon:{PASSWORD}"));
    assert!(
        !text.contains(PASSWORD) && !text.contains(&encoded),
        "{text}"
    );
}

#[tokio::test]
async fn everything_goes_through_the_proxy_with_its_credentials() {
    let mut outside = Outside::new().await;
    outside.believe_both();
    let daemon = outside.world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let daemon = daemon.stop().await;
    assert_silent(&daemon);
    let told = format!("http://{}", outside.proxy.address);
    assert!(daemon.logs().iter().any(|line| line["proxy"] == told));
    let targets = [ZENDESK, INLET_HOST, IMS].map(|host| format!("{host}:443"));
    assert_eq!(outside.proxy.hosts(), targets);
    let credentials = BASE64_STANDARD.encode(format!("daemon:{PASSWORD}"));
    for asked in outside.proxy.asked() {
        let expected = format!("Basic {credentials}");
        assert_eq!(asked.authorization, Some(expected), "{}", asked.target);
    }
    let sink = outside.world.platform.latest_by_id();
    assert_eq!(sink.len(), outside.world.zendesk.users().len());
}

#[tokio::test]
async fn hosts_in_no_proxy_are_reached_directly() {
    let mut outside = Outside::new().await;
    outside.believe_both();
    let zendesk = outside.world.zendesk.server().address();
    let direct = outside.authorities[0].serve("localhost", zendesk).await;
    let base_url = format!("https://localhost:{}", direct.0.port());
    let world = &mut outside.world;
    world.settings.set("zendesk.base_url", base_url);
    world.set_env("NO_PROXY", "10.0.0.0/8, localhost");
    world.sync().await.assert_code(0);
    let targets = [INLET_HOST, IMS].map(|host| format!("{host}:443"));
    assert_eq!(outside.proxy.hosts(), targets);
    assert_settled(&outside.world);
}

#[tokio::test]
async fn the_systems_authorities_are_still_believed() {
    let mut outside = Outside::new().await;
    let [of_zendesk, of_adobe] = &outside.authorities;
    let system = outside.world.write("system.pem", of_zendesk.pem());
    outside.world.write("ca.pem", of_adobe.pem());
    let world = &mut outside.world;
    world.set_env("SSL_CERT_FILE", &system.display().to_string());
    world.settings.set("tls.ca_file", "ca.pem");
    world.sync().await.assert_code(0);
    assert_eq!(
        world.platform.latest_by_id().len(),
        world.zendesk.users().len()
    );
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_names_the_remedy() {
    let outside = Outside::new().await;
    let sync = outside.world.sync().await;
    sync.assert_failed("ZENDESK-UNAVAILABLE", "`[tls] ca_file`");
    assert_eq!(outside.world.zendesk.requests().len(), 0);
}

#[tokio::test]
async fn a_proxy_that_refuses_us_is_named_without_its_credentials() {
    for (status, what) in [
        (
            "407 Proxy Authentication Required",
            "authorization required",
        ),
        ("403 Forbidden", "unsuccessful"),
    ] {
        let mut outside = Outside::new().await;
        outside.believe_both();
        outside.proxy = CompanyProxy::refusing(status).await;
        let address = outside.proxy.address;
        outside.use_proxy(&format!("http://daemon:{PASSWORD}@{address}"));
        let sync = outside.world.sync().await;
        sync.assert_failed("ZENDESK-UNAVAILABLE", "`HTTPS_PROXY`");
        let message = sync.logs_of("ERROR")[0]["error"].to_string();
        let named = format!("cannot connect through the proxy http://{address}");
        assert!(
            message.contains(&named) && message.contains(what),
            "{message}"
        );
        assert_silent(&sync);
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_by_check() {
    let mut outside = Outside::new().await;
    outside.believe_both();
    // Nobody listens on the port of a closed listener.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    outside.use_proxy(&format!("http://daemon:{PASSWORD}@{address}"));
    let check = outside.world.run(&["check"]).await;
    check.assert_code(1);
    assert_silent(&check);
    let named = format!("cannot connect through the proxy http://{address}: Connection refused");
    assert_eq!(check.stdout.matches(&named).count(), 3, "{}", check.stdout);
    assert!(check.stdout.contains("list the host in `NO_PROXY`"));
}
