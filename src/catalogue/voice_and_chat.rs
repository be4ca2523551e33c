//! Talk and Chat. Zendesk answers 403 or 404 without them.

use super::{Pagination, StreamSpec};
use Pagination::Single;

pub(super) fn rows() -> Vec<StreamSpec> {
    let voice = |spec: StreamSpec| spec.needs("agent; Talk");
    vec![
        voice(
            StreamSpec::time(
                "calls",
                "/api/v2/channels/voice/stats/incremental/calls.json",
            )
            .short(),
        ),
        voice(
            StreamSpec::time("legs", "/api/v2/channels/voice/stats/incremental/legs.json").short(),
        ),
        voice(
            StreamSpec::list(
                "phone_numbers",
                "/api/v2/channels/voice/phone_numbers.json",
                Single,
            )
            .unversioned(),
        ),
        voice(
            StreamSpec::list("addresses", "/api/v2/channels/voice/addresses.json", Single)
                .unversioned(),
        ),
        voice(
            StreamSpec::list("greetings", "/api/v2/channels/voice/greetings.json", Single)
                .unversioned(),
        ),
        voice(
            StreamSpec::list(
                "greeting_categories",
                "/api/v2/channels/voice/greeting_categories.json",
                Single,
            )
            .unversioned(),
        ),
        voice(StreamSpec::list("lines", "/api/v2/channels/voice/lines.json", Single).unversioned()),
        voice(
            StreamSpec::list(
                "voice_settings",
                "/api/v2/channels/voice/settings.json",
                Single,
            )
            .key("settings")
            .unversioned(),
        ),
        voice(StreamSpec::list("ivrs", "/api/v2/channels/voice/ivr.json", Single).unversioned()),
        voice(
            StreamSpec::list(
                "agents_activity",
                "/api/v2/channels/voice/stats/agents_activity.json",
                Single,
            )
            .id("agent_id")
            .unversioned(),
        ),
        voice(
            StreamSpec::list(
                "current_queue_activity",
                "/api/v2/channels/voice/stats/current_queue_activity.json",
                Single,
            )
            .unversioned(),
        )
        .note("one record: the queue as it is now"),
        StreamSpec::time("chats", "/api/v2/chat/incremental/chats.json")
            .short()
            .with("fields", "chats(*)")
            .version("update_timestamp")
            .needs("a token with the scope `chat`"),
        StreamSpec::time(
            "agent_timeline",
            "/api/v2/chat/incremental/agent_timeline.json",
        )
        .short()
        .in_microseconds()
        .with("fields", "agent_timeline(*)")
        .id("engagement_id")
        .version("start_time")
        .needs("a token with the scope `chat`"),
    ]
}
