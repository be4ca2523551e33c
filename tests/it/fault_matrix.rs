//! The fault matrix: each side, each fault, one by one, and what becomes of it.
//!
//! Every case makes its fault happen in the middle of a first export, lets the daemon make its
//! pass, clears the fault, and lets it make another. However the first pass ended, after the
//! second everything must be delivered or in the dead letters, nothing altered or out of order,
//! and the checkpoint behind the last user.
//!
//! The table in `docs/delivery.md` is what this prints:
//! `cargo test --test it fault_matrix -- --nocapture`.

use std::time::Duration;

use futures_util::StreamExt as _;
use zendesk_aep::sandbox::{
    Answer, FailureKey, Fault, PlatformOptions, Responses, Simulator as _, TransactionIds,
};

use crate::support::{Expected, FOR_EVER, INCREMENTAL, INLET, SEARCH, World, nth};

const BATCH: &str = "/collection/batch/";
const USERS: usize = 200;
const PAGE: usize = 50;

/// How the pass under the fault must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// The fault is overcome within the pass.
    Complete,
    /// The fault lasts: the pass fails with this code, and the next one makes up for it.
    Fails(&'static str),
}
use First::{Complete, Fails};

/// One line of the matrix.
struct Case {
    side: &'static str,
    fault: String,
    plan: fn(&mut PlatformOptions),
    /// Whether the inlet requires authentication.
    signs_in: bool,
    arrange: Box<dyn Fn(&mut World) + Send>,
    first: First,
    /// How users are read.
    export: Expected,
    /// Users that end in the dead letters.
    dead_letters: usize,
    /// Messages that may come twice.
    repeats: usize,
}

/// What a case came to.
struct Line {
    side: &'static str,
    fault: String,
    first: String,
    accepted: usize,
    repeats: usize,
    dead_letters: usize,
}

impl Case {
    fn new(
        side: &'static str,
        fault: impl Into<String>,
        arrange: impl Fn(&mut World) + Send + 'static,
    ) -> Self {
        Self {
            side,
            fault: fault.into(),
            plan: |_| {},
            signs_in: false,
            arrange: Box::new(arrange),
            first: Complete,
            export: Expected::Incremental,
            dead_letters: 0,
            // One page: what was under way when the pass failed.
            repeats: PAGE,
        }
    }

    fn fails(self, code: &'static str) -> Self {
        Self {
            first: Fails(code),
            ..self
        }
    }

    fn dead_letters(self, dead_letters: usize) -> Self {
        Self {
            dead_letters,
            ..self
        }
    }

    fn repeats(self, repeats: usize) -> Self {
        Self { repeats, ..self }
    }

    fn by_search(self) -> Self {
        Self {
            export: Expected::Search,
            ..self
        }
    }

    fn signs_in(self) -> Self {
        Self {
            signs_in: true,
            ..self
        }
    }

    fn plan(self, plan: fn(&mut PlatformOptions)) -> Self {
        Self { plan, ..self }
    }

    async fn play(self) -> Line {
        let name = format!("{}: {}", self.side, self.fault);
        let mut world = World::with(|plan| {
            plan.platform.authentication_required = self.signs_in;
            (self.plan)(&mut plan.platform);
        })
        .await;
        world.settings.set("zendesk.idle_timeout", "700ms");
        world.settings.set("platform.idle_timeout", "700ms");
        if self.signs_in {
            let ims_url = world.platform.ims_url();
            world.settings.sign_in_to_inlet(&ims_url);
        }
        if self.export == Expected::Search {
            world
                .settings
                .set("streams.users.export", "search")
                .set("streams.users.settle", "100ms");
        }
        let usual = world.settings.clone();
        (self.arrange)(&mut world);
        let report = world.sync().await.report();
        let outcome = report["outcome"].as_str().expect("an outcome").to_owned();
        let expected = match self.first {
            Complete => "complete",
            Fails(code) => code,
        };
        assert_eq!(outcome, expected, "{name}");

        world.zendesk.clear_faults();
        world.platform.clear_faults();
        world.settings = usual;
        world.sync().await;
        self.export.assert_settled(&world);
        let dead_letters = world.dead_letters().len();
        assert_eq!(dead_letters, self.dead_letters, "{name}");
        let accepted = world.platform.accepted_count();
        let repeats = (accepted + dead_letters).saturating_sub(USERS);
        assert!(repeats <= self.repeats, "{name}: {repeats} repeats");
        Line {
            side: self.side,
            fault: self.fault,
            first: outcome,
            accepted,
            repeats,
            dead_letters,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_delivered_or_a_dead_letter_whatever_fails() {
    let cases = [zendesk(), inlet(), answers(), identity()]
        .into_iter()
        .flatten();
    // Each in a task of its own, so that one that fails does not hide the others.
    let played = futures_util::stream::iter(cases.map(|case| {
        let name = format!("{}: {}", case.side, case.fault);
        async move { tokio::spawn(case.play()).await.map_err(|_| name) }
    }));
    let played: Vec<Result<Line, String>> = played.buffered(4).collect().await;
    println!("| side | fault | first pass | accepted | repeats | dead letters |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for line in played.iter().flatten() {
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            line.side, line.fault, line.first, line.accepted, line.repeats, line.dead_letters
        );
    }
    let failed: Vec<&String> = played
        .iter()
        .filter_map(|line| line.as_ref().err())
        .collect();
    println!("{} cases", played.len());
    assert!(failed.is_empty(), "failed: {failed:#?}");
}

/// A fault of the second page's request, once; of a lasting one, every further request's.
fn page(fault: Fault) -> impl Fn(&mut World) + Send {
    move |world| {
        world
            .zendesk
            .fault_when(nth(1, INCREMENTAL), fault.clone(), 1)
    }
}

fn pages_for_good(fault: Fault) -> impl Fn(&mut World) + Send {
    move |world| world.zendesk.fault(INCREMENTAL, fault.clone(), usize::MAX)
}

/// The same for batches.
fn batch(fault: Fault) -> impl Fn(&mut World) + Send {
    move |world| world.platform.fault_when(nth(1, BATCH), fault.clone(), 1)
}

fn inlet_for_good(fault: Fault) -> impl Fn(&mut World) + Send {
    move |world| world.platform.fault(INLET, fault.clone(), usize::MAX)
}

fn zendesk() -> Vec<Case> {
    const SIDE: &str = "zendesk";
    let case =
        |fault: &str, arrange: Box<dyn Fn(&mut World) + Send>| Case::new(SIDE, fault, arrange);
    let mut cases = vec![
        case("reset before the answer", Box::new(page(Fault::Close))),
        case(
            "reset after the answer was made",
            Box::new(page(Fault::CloseAfter)),
        ),
        case("hangs", Box::new(page(Fault::Stall(FOR_EVER)))),
        case(
            "body comes too slowly",
            Box::new(page(Fault::SlowBody(Duration::from_secs(2)))),
        ),
        case("body cut in the middle", Box::new(page(Fault::Truncate))),
        case("HTML with 200", Box::new(page(Fault::Html))),
        case(
            "other JSON with 200",
            Box::new(page(Fault::status(200, r#"{"users":"none"}"#))),
        ),
        case("no JSON with 200", Box::new(page(Fault::NotJson))),
        case(
            "wrong content type with 200",
            Box::new(page(Fault::Answer(Answer::text(200, "ok")))),
        ),
        case(
            "connection refused",
            Box::new(|world| {
                world.settings.set("zendesk.base_url", "http://127.0.0.1:9");
                // Another address is another account, with a state of its own.
                world.settings.set("state.directory", "elsewhere");
            }),
        )
        .fails("ZENDESK-UNAVAILABLE"),
        case(
            "name that does not resolve",
            Box::new(|world| {
                // A label of 64 characters is refused before anybody is asked.
                let host = format!("https://{}.example", "a".repeat(64));
                world.settings.set("zendesk.base_url", host);
                world.settings.set("state.directory", "elsewhere");
            }),
        )
        .fails("ZENDESK-UNAVAILABLE"),
        case(
            "no TLS where TLS is expected",
            Box::new(|world| {
                let url = world.zendesk.base_url().replace("http://", "https://");
                world.settings.set("zendesk.base_url", url);
            }),
        )
        .fails("ZENDESK-UNAVAILABLE"),
        case(
            "token revoked in the middle",
            Box::new(|world| {
                let revoked = Fault::status(401, r#"{"error":"invalid_token"}"#);
                world.zendesk.fault_when(nth(1, INCREMENTAL), revoked, 1);
            }),
        ),
        case(
            "sign-in refused",
            Box::new(|world| {
                world.zendesk.fault(
                    "/oauth/tokens",
                    Fault::status(401, r#"{"error":"invalid_client"}"#),
                    usize::MAX,
                );
            }),
        )
        .fails("ZENDESK-SIGN-IN"),
        case(
            "sign-in unavailable for a while",
            Box::new(|world| {
                world
                    .zendesk
                    .fault("/oauth/tokens", Fault::status(503, ""), 2);
            }),
        ),
        case(
            "cursor refused",
            Box::new(page(Fault::status(
                422,
                r#"{"errors":[{"code":"InvalidPaginationParameter"}]}"#,
            ))),
        ),
        case(
            "search cursor expired",
            Box::new(|world| {
                let expired = Fault::status(400, r#"{"errors":[{"code":"InvalidCursor"}]}"#);
                world.zendesk.fault_when(nth(2, SEARCH), expired, 1);
            }),
        )
        .by_search(),
        case(
            "cursor that does not advance",
            Box::new(|world| {
                let cursor = world.cursor_after(50);
                let body =
                    format!(r#"{{"users":[],"after_cursor":"{cursor}","end_of_stream":false}}"#);
                world
                    .zendesk
                    .fault_when(nth(1, INCREMENTAL), Fault::status(200, body), 1);
            }),
        )
        .fails("ZENDESK-EXPORT"),
        case(
            "the same page twice",
            Box::new(|world| {
                let users: Vec<String> = world.zendesk.users()[..50]
                    .iter()
                    .map(|user| String::from_utf8_lossy(&user.json).into_owned())
                    .collect();
                let cursor = world.cursor_after(50);
                let body = format!(
                    r#"{{"users":[{}],"after_cursor":"{cursor}","end_of_stream":false}}"#,
                    users.join(",")
                );
                world
                    .zendesk
                    .fault_when(nth(1, INCREMENTAL), Fault::status(200, body), 1);
            }),
        )
        .fails("ZENDESK-EXPORT"),
        case(
            "empty page with more to come",
            Box::new(|world| {
                // A place before everybody.
                let body = r#"{"users":[],"after_cursor":"MC4wfHwxfA==","end_of_stream":false}"#;
                world
                    .zendesk
                    .fault_when(nth(0, INCREMENTAL), Fault::status(200, body), 1);
            }),
        ),
        case(
            "redirect to another host",
            Box::new(pages_for_good(Fault::Answer(
                Answer::empty(302).header("Location", "https://elsewhere.example/"),
            ))),
        )
        .fails("ZENDESK-ADDRESS"),
    ];
    for status in [408, 409, 425, 429, 500, 502, 503, 504, 520, 524] {
        let fault = Fault::status(status, "<html>busy</html>");
        cases.push(case(
            &format!("{status} once"),
            Box::new(page(fault.clone())),
        ));
        cases.push(
            case(
                &format!("{status} for good"),
                Box::new(pages_for_good(fault)),
            )
            .fails("ZENDESK-UNAVAILABLE"),
        );
    }
    for (status, code) in [
        (400, "ZENDESK-REFUSED"),
        (401, "ZENDESK-SIGN-IN"),
        (403, "ZENDESK-FORBIDDEN"),
        (404, "ZENDESK-ADDRESS"),
        (413, "ZENDESK-REFUSED"),
        (422, "ZENDESK-REFUSED"),
    ] {
        let fault = Fault::status(status, r#"{"error":"no"}"#);
        cases.push(
            case(
                &format!("{status} for good"),
                Box::new(pages_for_good(fault)),
            )
            .fails(code),
        );
    }
    cases
}

fn inlet() -> Vec<Case> {
    const SIDE: &str = "inlet";
    let case =
        |fault: &str, arrange: Box<dyn Fn(&mut World) + Send>| Case::new(SIDE, fault, arrange);
    let mut cases = vec![
        case("reset before the answer", Box::new(batch(Fault::Close))),
        case("acknowledgement lost", Box::new(batch(Fault::CloseAfter))),
        case("hangs", Box::new(batch(Fault::Stall(FOR_EVER)))),
        case(
            "body comes too slowly",
            Box::new(batch(Fault::SlowBody(Duration::from_secs(2)))),
        ),
        case(
            "wrong content type with 200",
            Box::new(batch(Fault::Answer(Answer::text(200, "ok")))),
        ),
        case("body cut in the middle", Box::new(batch(Fault::Truncate))),
        case("HTML with 200", Box::new(batch(Fault::Html))),
        case("no JSON with 200", Box::new(batch(Fault::NotJson))),
        case(
            "207 that cannot be read",
            Box::new(batch(Fault::Replace("garbage".into()))),
        ),
        case(
            "connection refused",
            Box::new(|world| {
                world
                    .settings
                    .set("platform.inlet_url", "http://127.0.0.1:9/collection/x");
            }),
        )
        .fails("PLATFORM-UNAVAILABLE"),
        case(
            "name that does not resolve",
            Box::new(|world| {
                let url = format!("https://{}.example/collection/x", "a".repeat(64));
                world.settings.set("platform.inlet_url", url);
            }),
        )
        .fails("PLATFORM-UNAVAILABLE"),
        case(
            "no TLS where TLS is expected",
            Box::new(|world| {
                let url = world.platform.inlet_url().replace("http://", "https://");
                world.settings.set("platform.inlet_url", url);
            }),
        )
        .fails("PLATFORM-UNAVAILABLE"),
        case(
            "one message refused with the whole batch (400)",
            Box::new(|world| {
                refuse_batches_with(world, 400);
            }),
        )
        .dead_letters(1),
        case(
            "one message refused with the whole batch (413)",
            Box::new(|world| {
                refuse_batches_with(world, 413);
            }),
        )
        .dead_letters(1),
        case(
            "one message fails the whole batch (500, for good)",
            Box::new(|world| {
                refuse_batches_with(world, 500);
            }),
        )
        .dead_letters(1),
        case(
            "most messages rejected",
            Box::new(|world| {
                world.platform.fault(
                    BATCH,
                    Fault::status(400, r#"{"title":"Invalid XDM Message Format"}"#),
                    usize::MAX,
                );
            }),
        )
        .fails("MOSTLY-REJECTED"),
    ];
    for status in [408, 409, 429, 500, 502, 503, 504] {
        let fault = Fault::status(status, "<html>busy</html>");
        cases.push(case(
            &format!("{status} once"),
            Box::new(batch(fault.clone())),
        ));
        cases.push(
            case(
                &format!("{status} for good"),
                Box::new(inlet_for_good(fault)),
            )
            .fails("PLATFORM-UNAVAILABLE"),
        );
    }
    for (status, code) in [
        (401, "PLATFORM-SIGN-IN"),
        (403, "PLATFORM-SIGN-IN"),
        (404, "PLATFORM-ADDRESS"),
        (415, "PLATFORM-REFUSED"),
    ] {
        let fault = Fault::status(status, "");
        cases.push(
            case(
                &format!("{status} for good"),
                Box::new(inlet_for_good(fault)),
            )
            .fails(code),
        );
    }
    cases
}

/// 207s in every shape, each with three users rejected.
fn answers() -> Vec<Case> {
    type Shape = (&'static str, fn(&mut Responses));
    const SHAPES: [Shape; 9] = [
        ("207 with `status`", |r| r.failure_key = FailureKey::Status),
        ("207 with `statusCode`", |r| {
            r.failure_key = FailureKey::StatusCode
        }),
        ("207 with a status in text", |r| {
            r.failure_key = FailureKey::StatusText
        }),
        ("207 with UUID ids", |r| {
            r.transaction_ids = TransactionIds::UuidAndIndex
        }),
        ("207, failures without id", |r| r.failures_have_ids = false),
        ("207, failures with id", |r| r.failures_have_ids = true),
        ("207 out of order", |r| {
            r.reversed = true;
            r.failures_have_ids = true;
        }),
        ("207 with an item missing", |r| r.one_missing = true),
        ("207 with an item too many", |r| r.one_extra = true),
    ];
    macro_rules! shape {
        ($place:literal) => {
            Case::new("inlet", SHAPES[$place].0, |world: &mut World| {
                let refused: Vec<u64> = [5, 77, 150]
                    .map(|n: usize| world.zendesk.users()[n].id)
                    .into();
                world.platform.reject_when(move |message| {
                    let user: serde_json::Value = serde_json::from_slice(message).ok()?;
                    let refused = refused.contains(&user["id"].as_u64()?);
                    refused.then(|| "Message has unknown xdm format".to_owned())
                });
            })
            .plan(|options| SHAPES[$place].1(&mut options.responses))
            .dead_letters(3)
        };
    }
    vec![
        shape!(0),
        shape!(1),
        shape!(2),
        shape!(3),
        shape!(4),
        shape!(5),
        shape!(6),
        // Of each of the twenty batches one message goes again twice together, then alone.
        shape!(7).repeats(60),
        shape!(8),
    ]
}

fn identity() -> Vec<Case> {
    let case = |fault: &str, arrange: Box<dyn Fn(&mut World) + Send>| {
        Case::new("identity", fault, arrange).signs_in()
    };
    let unavailable = Fault::status(503, "");
    let refused = Fault::status(400, r#"{"error":"invalid_client"}"#);
    vec![
        case(
            "token expires in the middle",
            Box::new(|world| {
                world
                    .platform
                    .fault_when(nth(2, BATCH), Fault::status(401, ""), 1);
            }),
        ),
        case(
            "token refused with 403 in the middle",
            Box::new(|world| {
                world
                    .platform
                    .fault_when(nth(2, BATCH), Fault::status(403, ""), 1);
            }),
        ),
        case(
            "unavailable for a while",
            Box::new(move |world| {
                world.platform.fault("/ims/", unavailable.clone(), 2);
            }),
        ),
        case(
            "sign-in refused",
            Box::new(move |world| {
                world.platform.fault("/ims/", refused.clone(), usize::MAX);
            }),
        )
        .fails("PLATFORM-SIGN-IN"),
        case(
            "answers without a token",
            Box::new(|world| {
                world.platform.fault("/ims/", Fault::status(200, "{}"), 1);
            }),
        ),
    ]
}

/// Refuses every request that brings the hundredth user.
fn refuse_batches_with(world: &mut World, status: u16) {
    let needle = format!("{{\"id\":{},", world.zendesk.users()[100].id).into_bytes();
    world.platform.fault_when(
        move |request| {
            request.head.path.starts_with(INLET)
                && request
                    .body
                    .windows(needle.len())
                    .any(|part| part == needle)
        },
        Fault::status(status, r#"{"title":"no"}"#),
        10_000,
    );
}
