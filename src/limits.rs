//! Every bound of the program, with its reason.
//!
//! What grows without a line here is a defect.

use std::time::Duration;

/// Largest body of one inlet request, in bytes. The inlet answers 413 above "1 MB" and Adobe
/// does not say whether that is 1,000,000 or 1,048,576, so we stay below the smaller.
pub const INLET_BODY_BYTES_MAX: usize = 999_999;

/// Default size at which a batch is closed. A quarter of the hard limit: a page of 1,000 users has
/// about a megabyte, so its batches can travel side by side, and a batch that must be sent again
/// is a small loss.
pub const BATCH_BYTES_DEFAULT: usize = 250_000;

/// Smallest size a batch may be configured to: one Zendesk user with long notes still fits.
pub const BATCH_BYTES_MIN: usize = 1_000;

/// Largest Zendesk answer that is taken into memory as a whole, decompressed: a page of a list under a
/// parent, a probe. Pages of 1,000 large tickets reach tens of megabytes; a body beyond this is no page
/// of ours. The pages of exports and of lists that are streams come in parts.
pub const PAGE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Bytes of a page at which a part of it is handed out. Nearly all pages are smaller and come as a
/// whole; of others two parts are in memory at a time, as of pages.
pub const PAGE_PART_BYTES: usize = 2 * 1024 * 1024;

/// Bytes of a page that are looked at in one go: few enough that they are still in the cache of the
/// processor that has copied them.
pub const PAGE_STEP_BYTES: usize = 64 * 1024;

/// Largest record in a page that comes in parts, decompressed: many times what the inlet takes in one
/// request, so a larger one could not be delivered in any case. It counts as one that cannot be read.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Largest answer of any other kind (tokens, `users/me`, the inlet's outcomes).
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How much of an error body is read at all.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;

/// How many characters of an error body are shown to a person.
pub const ERROR_TEXT_CHARS_MAX: usize = 300;

/// How many characters of a server's name for a request are shown. Theirs have 16 to 36.
pub const REQUEST_ID_CHARS_MAX: usize = 100;

/// Records per Zendesk page: their maximum, and our default.
pub const PAGE_RECORDS_MAX: u32 = 1_000;

/// Ticket events per page when each brings its comments: Zendesk times out over larger ones.
pub const PAGE_RECORDS_WITH_COMMENTS_MAX: u32 = 250;

/// Parents per page when there is a list under each to be read: a crash in between reads the page
/// and all its lists again.
pub const PAGE_RECORDS_WITH_LISTS_MAX: u32 = 100;

/// Lists under parents that are asked for at a time. Zendesk documents no limit on connections and
/// asks for few.
pub const LISTS_AT_A_TIME: usize = 3;

/// Parents that were not found, one after the other, at which that is said: so many are not deleted
/// in the moment between two requests.
pub const LISTS_NOT_FOUND_MAX: u32 = 10;

/// Children at which a page of them is closed.
pub const CHILDREN_RECORDS: usize = 1_000;

/// Bytes of answers at which a page of children is closed: audits with long comments are heavy.
pub const CHILDREN_BYTES: usize = 4 * 1024 * 1024;

/// Children read under one parent. Zendesk closes a ticket at 5,000 comments, and a ticket has a few
/// audits for each.
pub const CHILDREN_OF_ONE_PARENT_MAX: usize = 50_000;

/// Lists of which it is remembered under which version of the parent they were read: at about 100
/// bytes each, a few megabytes. Beyond it all are forgotten, and read again with their parents.
pub const LISTS_REMEMBERED_MAX: usize = 50_000;

/// Records in a page that is read only to learn their size.
pub const SAMPLE_RECORDS: u32 = 100;

/// Pages between the reader and the deliverer. One: the next page is fetched while this one is
/// delivered, and no further one is asked for before it is taken, so two are in memory.
pub const PAGES_IN_FLIGHT: usize = 1;

/// Requests to one Zendesk account in flight at a time. Nothing about concurrency is documented;
/// other clients found two to four to be safe. Exports of one limit go one at a time besides.
pub const ZENDESK_IN_FLIGHT: usize = 4;

/// Limits of Zendesk's that headers may name beyond those we know. Far more than were ever seen.
pub const QUOTA_BUCKETS_MAX: usize = 64;

/// Kinds of requests whose limits are learned one by one; as many as there are streams, several
/// times over.
pub const QUOTA_ROUTES_MAX: usize = 256;

/// A wait for the quota that is longer than this is logged; most last no time.
pub const QUOTA_SILENCE: Duration = Duration::from_secs(5);

/// Least time between two such lines for one limit: a back-fill waits every minute, for hours.
pub const QUOTA_LOG_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Longest time between two looks at the queue. What changes while a request waits (an answer, the
/// hour's share) mostly wakes it; this is for the rest.
pub const QUOTA_LOOK: Duration = Duration::from_secs(30);

/// (id, version) pairs remembered to recognise repeats around the checkpoint. At about 60 bytes
/// each this bounds the state file near half a megabyte; beyond it a repeat is sent again, which
/// is harmless.
pub const REPEATS_REMEMBERED_MAX: usize = 8_192;

/// Stretches of history that a walk reads besides the live changes. A new one begins when a
/// back-log is split while an earlier one is not read yet, which is rare; beyond this the live walk
/// goes on where it is, so nothing is lost, only later.
pub const BACK_FILL_SEGMENTS_MAX: usize = 8;

/// Minutes that the list has to save for history to be loaded from it: below that a second way in
/// is not worth its requests, nor what it reads twice.
pub const BACK_FILL_MINUTES_SAVED_MIN: f64 = 10.0;

/// A walk that stands further back than this is catching up: others' live changes go first.
pub const CATCHING_UP_AGE_MIN: Duration = Duration::from_secs(60 * 60);

/// Least time between two lines of the log about history that is loading.
pub const BACK_FILL_WORD_EVERY: Duration = Duration::from_secs(3 * 60);

/// Longest pause a server can order by `Retry-After`. Longer ones are cut to this and asked again,
/// so that a mistaken header cannot stop a stream for a week.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(15 * 60);

/// How long before their expiry tokens are renewed: enough for the slowest request in flight.
pub const TOKEN_RENEWAL_MARGIN: Duration = Duration::from_secs(120);

/// Longest a token is trusted, whatever its answer claims (Adobe's live 24 hours, Zendesk's at
/// most 48). Also tames an expiry given in milliseconds.
pub const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(48 * 60 * 60);

/// Largest file a secret is read from.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

/// Largest file of CA certificates. The bundle of a whole system has a quarter of a megabyte.
pub const CA_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Largest configuration or state file read at start.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What a task may do between two points of progress besides waiting for a request: reading and
/// mapping the largest page, a wait for the dead letters ([`DEAD_LETTERS_LOCK_WAIT`]), comparing a
/// long list on a slow disk. Taken generously: to restart what only works hard helps nobody.
pub const PROGRESS_MARGIN: Duration = Duration::from_secs(5 * 60);

/// Time between two looks at what another task holds.
pub const PROGRESS_LOOK: Duration = Duration::from_secs(30);

/// Longest time between two looks at whether all tasks get on.
pub const SUPERVISION_PAUSE: Duration = Duration::from_secs(5);

/// How long a service manager waits for the first sign-in to both ends before it hears that we are
/// ready. Well below the ninety seconds it gives a start; a service that answers at all does so in two.
pub const FIRST_SIGN_IN: Duration = Duration::from_secs(20);

/// What a stop takes beyond `shutdown_grace`: the scheduler, the last lines of the log.
pub const STOP_MARGIN: Duration = Duration::from_secs(10);

/// Longest duration the configuration may name. A longer one is a slip of the finger, and sums
/// with the clock stay within every type.
pub const CONFIGURED_DURATION_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Zendesk withholds the most recent minute of every incremental export and refuses a
/// `start_time` inside it; twice that also covers clocks that disagree.
pub const START_TIME_AGE_MIN: Duration = Duration::from_secs(120);

/// Age at which a search page cursor is given up. Zendesk's own limit is one hour.
pub const SEARCH_CURSOR_AGE_MAX: Duration = Duration::from_secs(55 * 60);

/// Earlier generations of the state file kept beside it.
pub const STATE_GENERATIONS: usize = 10;

/// Highest generation a state file may claim. Thirty years of a save each second; a higher number
/// is a slip of the hand, and counting on from it could come to an end.
pub const GENERATION_MAX: u64 = 1_000_000_000;

/// How far a checkpoint may be ahead of this machine's clock before it is worth a warning: clocks
/// that are kept at all disagree by less.
pub const CLOCK_DISAGREEMENT_MAX: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Difference of clocks from which `check` speaks of it. Headers tell whole seconds, and answers take
/// a while.
pub const CLOCK_DISAGREEMENT_NOTED: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

/// Times the same warning or error is logged before it is only counted: enough to see that it is no
/// single one, and how the waits grow.
pub const REPEATED_LINES_TOLD: u32 = 5;

/// How long it is counted before the count is logged.
pub const REPEATED_LINES_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// How often it is looked whether that time is over.
pub const REPEATED_LINES_LOOK: Duration = Duration::from_secs(10);

/// Different warnings and errors that are counted at a time: several for each stream there is. Beyond
/// it lines pass uncounted.
pub const REPEATED_LINES_MAX: usize = 512;

/// Characters kept of a line that is counted.
pub const REPEATED_LINE_CHARS_MAX: usize = 1_000;

/// Time left to a token that we cannot renew from which `check` speaks of it: two weeks for somebody to
/// make another.
pub const TOKEN_END_NOTED: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);

/// Free disk below which `check` calls the state directory unusable: a save writes the state file
/// and a generation of it, a walk of a list its snapshot.
pub const DISK_FREE_MIN: u64 = 64 * 1024 * 1024;

/// Free inodes below which the same is so: generations, segments and drafts are files.
pub const INODES_FREE_MIN: u64 = 64;

/// Size at which a segment of the dead letters is closed. Retrying, marking and removing take one
/// segment into memory and write it anew.
pub const DEAD_LETTER_SEGMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Longest wait for the dead letters while another process has them. A retry has them while the
/// inlet answers to one segment; whoever waited in vain fails, and the next sync tries again.
pub const DEAD_LETTERS_LOCK_WAIT: Duration = Duration::from_secs(120);

/// A wait for them that is longer than this is logged; most last milliseconds.
pub const DEAD_LETTERS_LOCK_SILENCE: Duration = Duration::from_secs(2);

/// Pause between two attempts to get at them.
pub const DEAD_LETTERS_LOCK_POLL: Duration = Duration::from_millis(20);

/// Least time between two searches for dead letters that were kept long enough.
pub const DEAD_LETTERS_EXPIRY_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Shortest time that dead letters may be configured to be kept: a night is not enough to wake up
/// and decide.
pub const DEAD_LETTERS_KEEP_MIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Times a batch whose outcome stays unknown is sent again as a batch, before its messages go
/// one by one to the single endpoint, which answers for each.
pub const UNKNOWN_BATCH_RESENDS: u32 = 2;

/// Fewest records on which the judgement rests that a configuration must be wrong: a poll that
/// finds three changes, two of them bad, must not stop a stream.
pub const GUARD_SAMPLE_MIN: u64 = 10;

/// Room for texts made while a record is mapped that is kept for the next one: far more than any but
/// the oddest record needs, and little beside a page.
pub const SCRATCH_KEPT_BYTES_MAX: usize = 256 << 10;

/// Notes kept of one record's mapping, for a person to read. More say nothing new; they are counted.
pub const NOTES_KEPT_MAX: usize = 200;

/// Largest mapping file. The longest preset has a tenth of a percent of it.
pub const MAPPING_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Identities in one record: Identity Service takes no more.
pub const IDENTITIES_MAX: usize = 20;

/// Characters of an identity: Identity Service skips records with longer ones.
pub const IDENTITY_CHARS_MAX: usize = 1024;

/// Tickets of which is remembered who asked for them, for audits and metric events, which do not
/// say. About 40 bytes each.
pub const REQUESTERS_REMEMBERED_MAX: usize = 400_000;

/// Pages of 100 definitions of custom fields that are read. Zendesk allows fewer fields.
pub const DEFINITION_PAGES_MAX: usize = 100;

/// Age at which definitions of custom fields are read again.
pub const DEFINITIONS_AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// Least time between two readings of them, however many unknown fields turn up.
pub const DEFINITIONS_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Depth to which a value that is copied as it is may be nested. Zendesk's have two levels.
pub const VALUE_DEPTH_MAX: usize = 32;

/// Largest event, in bytes of the mapped object: the profile silently drops larger ones. Adobe says
/// "10 KB" and not whether that is 10,000 or 10,240, so we stay below the smaller.
pub const EVENT_BYTES_MAX: usize = 10_000;

/// Largest profile record, in bytes of the mapped object: "100 KB", read as for events.
pub const PROFILE_RECORD_BYTES_MAX: usize = 100_000;

/// Largest whole number, either way, that a field of type Long takes: 2^53 - 1.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Largest XDM schema taken. A large one of Adobe's has a few hundred kilobytes.
pub const SCHEMA_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Age at which a schema is read again: what an administrator adds to it becomes known.
pub const SCHEMA_AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// Pieces of work that may wait for the disk at a time, over all streams. Saves of the state stand in line
/// anyway, and each thread more has a heap of its own, in which memory lies that no other uses.
pub const BLOCKING_AT_ONCE: usize = 2;

/// Memory that the snapshots of lists may keep of their file: more only saves reading it again.
pub const SNAPSHOT_CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Records of a list that are handled at a time when a whole list is gone through, be it to send
/// it again or to report what vanished: as many as a page of the largest export has.
pub const SNAPSHOT_ENTRIES_AT_ONCE: usize = 1_000;

/// Records in a page of a list.
pub const LIST_PAGE_RECORDS_MAX: u32 = 100;

/// Pages of a list that Zendesk serves by page number.
pub const OFFSET_PAGES_MAX: u32 = 100;

/// Fewest records that make a loss: lists of a dozen lose half of themselves on a quiet afternoon.
pub const VANISHED_DOUBTED_MIN: u64 = 10;

/// Failures that the status remembers, repeated ones as one: a page of them is as much as a person
/// reads; the log has the rest.
pub const FAILURES_REMEMBERED: usize = 50;

/// Time between two points of the status page's plots, and how many there are of each stream: six
/// hours, enough for the night before the engineer on call looks.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(60);

/// See [`SAMPLE_EVERY`].
pub const SAMPLES_KEPT: usize = 360;

/// Longest wait for the answer of our own status server, which counts dead letters for a second at
/// most; a person waits for it, or a service manager.
pub const STATUS_ANSWER_WAIT: Duration = Duration::from_secs(5);

/// Connections to the status server at a time: a few dashboards, a few people, and room to spare.
pub const STATUS_CONNECTIONS_MAX: usize = 32;

/// Time within which a caller of it must have sent a request's head, also after the one before.
pub const STATUS_HEADER_WAIT: Duration = Duration::from_secs(30);

/// Age at which a connection to it is closed, so that no caller can keep one for ever by reading
/// slowly. Scrapers connect again.
pub const STATUS_CONNECTION_AGE_MAX: Duration = Duration::from_secs(10 * 60);

/// Headers of a request to it, and bytes of its head.
pub const STATUS_HEADERS_MAX: usize = 64;

/// See [`STATUS_HEADERS_MAX`].
pub const STATUS_HEADER_BYTES_MAX: usize = 16 * 1024;

/// Longest wait for answers of it that are under way at the stop.
pub const STATUS_STOP_WAIT: Duration = Duration::from_secs(2);

/// How often files and secrets are looked at for changes. A change counts when it has stayed the
/// same for one look more, so that what is half written is not taken.
pub const RELOAD_LOOK: Duration = Duration::from_secs(5);

/// A reload that takes its time says so this often: to the service manager, and to the log what it
/// waits for.
pub const RELOAD_WORD_EVERY: Duration = Duration::from_secs(10);

const _: () = assert!(BATCH_BYTES_DEFAULT <= INLET_BODY_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MIN < BATCH_BYTES_DEFAULT);
const _: () = assert!(SEARCH_CURSOR_AGE_MAX.as_secs() < 60 * 60);
const _: () = assert!(START_TIME_AGE_MIN.as_secs() > 60);
