//! Exit codes, as documented in `docs/operations.md`.

use crate::error::Code;

/// Everything was done.
pub const SUCCESS: u8 = 0;
/// It was not done: a service could not be reached or refused, or a test found a difference.
pub const FAILED: u8 = 1;
/// The command line or the configuration is wrong. Also what the argument parser uses.
pub const CONFIGURATION: u8 = 2;
/// A sign-in was refused, or what it permits is not enough.
pub const SIGN_IN: u8 = 3;
/// Some of it was done: records went to the dead letters, or some streams failed.
pub const PARTIAL: u8 = 4;
/// The state directory is unusable: locked, damaged, foreign, not writable.
pub const STATE: u8 = 5;
/// A person must come, or it has not begun to work yet: the daemon is not ready.
pub const NOT_READY: u8 = 6;
/// There is no daemon.
pub const NOT_RUNNING: u8 = 7;
/// A signal ended it before it was complete (128 + SIGINT, as shells have it).
pub const INTERRUPTED: u8 = 130;

/// The exit code for an error.
pub fn code(code: Code) -> u8 {
    match code {
        Code::ZendeskSignIn | Code::ZendeskForbidden | Code::PlatformSignIn => SIGN_IN,
        Code::Configuration | Code::MappingFile | Code::Privacy => CONFIGURATION,
        Code::State | Code::DeadLetters => STATE,
        Code::Interrupted => INTERRUPTED,
        Code::Tls
        | Code::ZendeskAddress
        | Code::ZendeskRefused
        | Code::ZendeskUnavailable
        | Code::ZendeskExport
        | Code::PlatformAddress
        | Code::PlatformRefused
        | Code::PlatformUnavailable
        | Code::MostlyRejected
        | Code::Schema
        | Code::ListShrank
        | Code::ListCutOff
        | Code::StatusAddress
        | Code::Internal => FAILED,
    }
}
