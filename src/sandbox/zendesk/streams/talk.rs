//! Talk and Chat.

use super::super::stream::{Flavour, Form, Paging, Stream};
use super::{Ids, base};
use Paging::{Single, Whole};

pub(in super::super) const STREAMS: &[Stream] = &[
    Stream::text("calls", base(120), concat!(
        r#"{"id":$id,"created_at":$created,"updated_at":$updated,"agent_id":$ref(users)?,"call_charge":"0.$int(9)","#,
        r#""consultation_time":0,"completion_status":$pick(completed|abandoned_in_queue),"customer_id":$ref(users),"#,
        r#""customer_requested_voicemail":$bool,"direction":$kind(inbound|outbound),"duration":$int(900),"#,
        r#""exceeded_queue_wait_time":false,"hold_time":$int(99),"minutes_billed":$int(15),"phone_number":"+48221234567","#,
        r#""phone_number_id":$ref(phone_numbers),"ticket_id":$ref(tickets),"talk_time":$int(900),"voicemail":false,"#,
        r#""wait_time":$int(99),"wrap_up_time":$int(99),"ivr_time_spent":null,"ivr_hops":null}"#))
        .begins_with(30)
        .time("/api/v2/channels/voice/stats/incremental/calls", Flavour::Talk),
    Stream::text("legs", base(121), concat!(
        r#"{"id":$id,"call_id":$ref(calls),"created_at":$created,"updated_at":$updated,"agent_id":$ref(users)?,"#,
        r#""user_id":$ref(users)?,"type":$kind(agent|customer|external),"duration":$int(900),"hold_time":$int(99),"#,
        r#""wrap_up_time":$int(99),"talk_time":$int(900),"call_charge":null,"available_via":"browser","#,
        r#""completion_status":$pick(completed|missed),"minutes_billed":$int(15),"quality_issues":["none"]}"#))
        .begins_with(30)
        .time("/api/v2/channels/voice/stats/incremental/legs", Flavour::Talk),
    Stream::text("phone_numbers", base(122), concat!(
        r#"{"id":$id,"number":"+4822$int(9999999)","display_number":$text,"nickname":$text,"external":false,"#,
        r#""priority":0,"default_group_id":$ref(groups)?,"greeting_ids":[],"created_at":$created}"#))
        .list("/api/v2/channels/voice/phone_numbers", Whole),
    Stream::text("addresses", base(123), concat!(
        r#"{"id":$id,"name":$text,"street":$text,"zip":"80-001","city":"Gdańsk","state":null,"#,
        r#""provider_reference":null,"country_code":"PL"}"#))
        .list("/api/v2/channels/voice/addresses", Whole),
    Stream::new("greetings", Ids::Digits(base(124)), Form::Text(concat!(
        r#"{"id":$id,"name":$text,"active":$bool,"category_id":$ref(greeting_categories),"default":true,"#,
        r#""audio_name":null,"audio_url":null,"upload_id":null,"phone_number_ids":[],"ivr_ids":[]}"#)))
        .list("/api/v2/channels/voice/greetings", Whole),
    Stream::text("greeting_categories", base(125), r#"{"id":$id,"name":$text}"#)
        .begins_with(4)
        .list("/api/v2/channels/voice/greeting_categories", Whole),
    Stream::text("lines", base(126), r#"{"id":$id,"nickname":$text,"line_type":"phone","priority":$int(9),"default_group_id":null}"#)
        .list("/api/v2/channels/voice/lines", Whole),
    Stream::new("settings", Ids::Nice, Form::Text(concat!(
        r#"{"id":$id,"voice":$bool,"agent_wrap_up_after_calls":$bool,"maximum_queue_size":$int(15),"#,
        r#""maximum_queue_wait_time":$int(9),"agent_confirmation_when_forwarding":false}"#)))
        .begins_with(1)
        .list("/api/v2/channels/voice/settings", Single),
    Stream::text("ivrs", base(127), r#"{"id":$id,"name":$text,"menus":[],"phone_number_ids":[],"phone_number_names":[]}"#)
        .list("/api/v2/channels/voice/ivr", Whole),
    Stream::text("agents_activity", base(128), concat!(
        r#"{"agent_id":$id,"name":$text,"avatar_url":null,"available_time":$int(9999),"away_time":$int(999),"#,
        r#""call_status":null,"calls_accepted":$int(99),"calls_denied":0,"calls_missed":0,"forwarding_number":null,"#,
        r#""online_time":$int(9999),"status_code":"offline","total_talk_time":$int(999),"via":"client"}"#))
        .list("/api/v2/channels/voice/stats/agents_activity", Whole),
    Stream::new("current_queue_activity", Ids::Nice, Form::Text(concat!(
        r#"{"agents_online":$int(99),"calls_waiting":$int(99),"callbacks_waiting":0,"#,
        r#""average_wait_time":$int(999),"longest_wait_time":$int(999),"embeddable_callbacks_waiting":0}"#)))
        .begins_with(1)
        .list("/api/v2/channels/voice/stats/current_queue_activity", Single),
    Stream::new("chats", Ids::Digits(base(129)), Form::Text(concat!(
        r#"{"id":$id,"type":"chat","timestamp":$created,"update_timestamp":$updated,"duration":$int(999),"missed":false,"#,
        r#""visitor":{"id":"$int(99999)","name":$text,"email":""},"agent_ids":[$sref(users)],"department_name":null,"#,
        r#""rating":$pick(good|bad)?,"comment":null,"tags":[],"zendesk_ticket_id":$ref(tickets)?,"#,
        r#""history":[{"type":"chat.msg","msg":$text,"sender_type":"Visitor"}],"deleted":false}"#)))
        .begins_with(30)
        .time("/api/v2/chat/incremental/chats", Flavour::Chat),
    Stream::new("agent_timeline", Ids::Digits(base(130)), Form::Text(concat!(
        r#"{"agent_id":$ref(users),"start_time":$at,"engagement_id":$id,"engagement_count":$int(9),"#,
        r#""status":$pick(online|away|invisible),"duration":$int(999)}"#)))
        .begins_with(30)
        .time("/api/v2/chat/incremental/agent_timeline", Flavour::ChatMicros),
];
