//! `zendesk-aep status --watch` on a terminal, which is a real one but for the glass.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{PATIENCE, World};

const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";

const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";

/// What every look begins and ends with.
const TOP: &str = "\u{1b}[H";
const REST_IS_EMPTY: &str = "\u{1b}[K\u{1b}[J";

/// A program on a terminal, and what it has written there.
struct Glass {
    terminal: File,
    program: Child,
    pieces: mpsc::UnboundedReceiver<String>,
    written: String,
}

impl Glass {
    fn new(mut command: Command, rows: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("granted");
        unlockpt(&terminal).expect("unlocked");
        let name = ptsname(&terminal, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let end = rustix::fs::open(name, flags, Mode::empty()).expect("the program's end");
        let terminal = File::from(terminal);
        resize(&terminal, rows);
        let program = command
            .stdin(Stdio::null())
            .stdout(end)
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        // Or the command's copy of that end would keep it open.
        drop(command);
        let (tell, pieces) = mpsc::unbounded_channel();
        let mut reading = terminal.try_clone().expect("a copy");
        thread::spawn(move || {
            let mut piece = [0; 4_096];
            // Once nobody has the other end, reading fails.
            while let Ok(length @ 1..) = reading.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..length]).into_owned();
                if tell.send(text).is_err() {
                    return;
                }
            }
        });
        Self {
            terminal,
            program,
            pieces,
            written: String::new(),
        }
    }

    /// The lines of the next look.
    async fn look(&mut self) -> Vec<String> {
        let whole = async {
            loop {
                if let Some((look, rest)) = self.written.split_once(REST_IS_EMPTY) {
                    let (look, rest) = (look.to_owned(), rest.to_owned());
                    self.written = rest;
                    return look;
                }
                let piece = self.pieces.recv().await.expect("it goes on");
                self.written.push_str(&piece);
            }
        };
        let look = timeout(PATIENCE, whole).await.expect("a look in time");
        let look = look.strip_prefix(ENTER).unwrap_or(&look);
        let look = look.strip_prefix(TOP).expect("drawn in place");
        // A terminal makes both of a line's end.
        let lines = look.split("\u{1b}[K\r\n");
        lines.map(str::to_owned).collect()
    }

    /// Ends it by Ctrl-C; gives its code, and what it wrote after the last look.
    async fn interrupt(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.program), Signal::INT).expect("it runs");
        let rest = async {
            while let Some(piece) = self.pieces.recv().await {
                self.written.push_str(&piece);
            }
            self.written
        };
        let rest = timeout(PATIENCE, rest).await.expect("it ends in time");
        (self.program.wait().expect("it ended").code(), rest)
    }
}

fn resize(terminal: &File, rows: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("a size");
}

#[tokio::test]
async fn on_a_terminal_each_look_is_drawn_over_the_last_and_the_first_screen_comes_back() {
    let mut world = World::new().await;
    for stream in ["organizations", "groups", "macros", "brands", "tags"] {
        world.settings.add_stream(stream);
    }
    let command = world.command(&["status", "--watch"]);
    let mut glass = Glass::new(command, 6);
    let first = glass.look().await;
    assert_eq!(first.len(), 6, "as many as there is room for: {first:?}");
    assert!(first[5].ends_with("Ctrl-C ends"), "{first:?}");
    let cut = |lines: &[String]| lines.iter().any(|line| line.contains("more lines"));
    assert!(cut(&first), "{first:?}");

    // A window that is made larger shows more from the next look on.
    resize(&glass.terminal, 60);
    let mut second = glass.look().await;
    while second.len() == 6 {
        second = glass.look().await;
    }
    assert!(!cut(&second), "{second:?}");
    assert!(second.iter().any(|line| line.contains("organizations")));

    let (code, rest) = glass.interrupt().await;
    assert_eq!(code, Some(0));
    assert!(rest.ends_with(LEAVE), "{rest:?}");
}
