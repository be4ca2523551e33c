//! Running the programs, and what each run cost.

use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wait4::Wait4 as _;

use crate::floor::Load;
use crate::front::Traffic;
use crate::world::{Dress, Ends, World};
use crate::{COUNTED, FLOOR, LOAD, ROLE};

const STREAMS: [&str; 2] = ["users", "tickets"];
const BATCH_BYTES: usize = 250_000;
const INLET: &str = "/collection/2301a1f761f6d7bf62c5312c535e1076bbc7f14d728e63cdfd37ecbb4344425b";

/// Which program, and how it makes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Floor,
    Raw,
    Preset,
}

/// One line of the table.
#[derive(Debug)]
pub struct Case {
    pub stream: &'static str,
    pub program: Program,
    pub dress: Dress,
    pub runs: Vec<Run>,
    /// Allocations for each record, and bytes allocated; not of the floor.
    pub allocated: Option<(f64, f64)>,
}

/// What one run cost, and what it moved.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub cpu: Duration,
    pub wall: Duration,
    /// In bytes.
    pub rss_max: u64,
    /// From the start of the process to its first request.
    pub start_up: Duration,
    pub records: usize,
    pub requests: usize,
}

/// Runs every case so many times, floor and program in turn.
pub fn all(world: &World, repeats: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for ends in &world.ends {
        let streams = match ends.dress.one_page() {
            true => &STREAMS[..1],
            false => &STREAMS[..],
        };
        for &stream in streams {
            // Fills the memory of the fronts, and tells the floor what to do.
            let (_, made) = sync(world, ends, stream, Program::Raw);
            let load = load(world, ends, &made);
            let of = |program| Case {
                stream,
                program,
                dress: ends.dress,
                runs: Vec::new(),
                allocated: None,
            };
            let mut here = vec![of(Program::Floor), of(Program::Raw), of(Program::Preset)];
            for _ in 0..repeats {
                for case in &mut here {
                    case.runs.push(match case.program {
                        Program::Floor => floor(world, ends, &load),
                        program => sync(world, ends, stream, program).0,
                    });
                }
            }
            if ends.dress == Dress::Plain {
                for case in &mut here[1..] {
                    case.allocated = Some(allocated(world, ends, stream, case.program));
                }
            }
            cases.append(&mut here);
        }
    }
    cases
}

/// One pass of the real program.
fn sync(world: &World, ends: &Ends, stream: &str, program: Program) -> (Run, Traffic) {
    let state = TempDir::new_in(world.directory.path()).expect("a directory");
    let config = configuration(ends, stream, program, &state);
    let given = std::env::var_os("PIPELINE_PROGRAM");
    let mut command = match &given {
        Some(program) => Command::new(program),
        None => Command::new(env!("CARGO_BIN_EXE_zendesk-aep")),
    };
    command.args(["--config", &config, "sync"]);
    measured(world, ends, command)
}

fn floor(world: &World, ends: &Ends, load: &str) -> Run {
    let itself = std::env::current_exe().expect("a program");
    let mut command = Command::new(itself);
    command.env(ROLE, FLOOR).env(LOAD, load);
    measured(world, ends, command).0
}

/// Allocations and bytes for each record, in a run that is not measured otherwise.
fn allocated(world: &World, ends: &Ends, stream: &str, program: Program) -> (f64, f64) {
    let state = TempDir::new_in(world.directory.path()).expect("a directory");
    let config = configuration(ends, stream, program, &state);
    let itself = std::env::current_exe().expect("a program");
    let mut command = Command::new(itself);
    command.args(["--config", &config, "--output", "json", "sync"]);
    let output = environment(&mut command, world)
        .env(ROLE, COUNTED)
        .output()
        .expect("a run");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.trim_end().lines().last().expect("a line");
    let (times, bytes) = last.split_once(' ').expect("two numbers");
    let records = ends.inlet.take_traffic().messages as f64;
    let each = |text: &str| text.parse::<f64>().expect("a number") / records;
    ends.zendesk.take_traffic();
    (each(times), each(bytes))
}

fn environment<'c>(command: &'c mut Command, world: &World) -> &'c mut Command {
    command
        .env("BENCH_TOKEN", &world.access_token)
        .env("SSL_CERT_FILE", world.directory.path().join("ca.pem"))
        .env("RUST_LOG", "warn")
}

fn measured(world: &World, ends: &Ends, mut command: Command) -> (Run, Traffic) {
    environment(&mut command, world).stdout(Stdio::null());
    ends.zendesk.take_traffic();
    ends.inlet.take_traffic();
    let begin = Instant::now();
    let child = command.spawn().expect("a program");
    let watch = watch_memory(child.id());
    let used = child.wait4().expect("an end");
    let wall = begin.elapsed();
    let rss_max = watch.join().expect("no panic");
    assert!(used.status.success(), "{command:?}: {}", used.status);
    let (read, written) = (ends.zendesk.take_traffic(), ends.inlet.take_traffic());
    let first = read.first.expect("a request");
    let run = Run {
        cpu: used.rusage.utime + used.rusage.stime,
        wall,
        rss_max,
        start_up: first.duration_since(begin),
        records: written.messages,
        requests: read.pages.len() + written.batches,
    };
    let traffic = Traffic {
        pages: read.pages,
        ..written
    };
    (run, traffic)
}

/// Follows the peak of a process's memory until it ends. What the system tells of a process that has
/// ended counts what its parent held when it was born.
fn watch_memory(process: u32) -> JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) {
            let Some(kilobytes) = status.lines().find_map(|line| {
                let number = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
                number.parse::<u64>().ok()
            }) else {
                break;
            };
            // The last word counts, not the largest: before `exec` it is still its parent's.
            peak = kilobytes * 1024;
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    })
}

/// Writes what the floor has to do, and gives the file's path.
fn load(world: &World, ends: &Ends, made: &Traffic) -> String {
    let load = Load {
        source: ends.zendesk.url.clone(),
        inlet: format!("{}{INLET}", ends.inlet.url),
        pages: made.pages.clone(),
        messages: made.messages / made.batches,
        batch_bytes: BATCH_BYTES,
    };
    let path = world.directory.path().join("load");
    std::fs::write(&path, load.to_text()).expect("a file");
    path.display().to_string()
}

fn configuration(ends: &Ends, stream: &str, program: Program, state: &TempDir) -> String {
    let how = match program {
        Program::Preset => {
            r#"mapping = "xdm"
dataset_id = "6a1b2c3d4e5f6a7b8c9d0e1f"
schema_id = "https://ns.adobe.com/acme/schemas/0123456789abcdef0123456789abcdef""#
        }
        Program::Raw | Program::Floor => r#"flow_id = "4c5a7d5c-6a3e-4d0a-9d52-3a3f6c1d2b7e""#,
    };
    let text = format!(
        r#"
[zendesk]
base_url = "{zendesk}"
auth = {{ method = "access_token", access_token = {{ env = "BENCH_TOKEN" }} }}
[zendesk.quota]
share = 1.0
[platform]
inlet_url = "{inlet}{INLET}"
org_id = "0123456789ABCDEF01234567@AdobeOrg"
tenant = "_acme"
batch_bytes = "{BATCH_BYTES}B"
[state]
directory = "state"
[streams.{stream}]
{how}
"#,
        zendesk = ends.zendesk.url,
        inlet = ends.inlet.url,
    );
    let path = state.path().join("config.toml");
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}
