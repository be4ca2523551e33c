use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::dead_letters::testing::{letter, segments};

fn lines(count: usize, size: usize) -> Vec<Vec<u8>> {
    let content = format!("{{\"x\":\"{}\"}}", "y".repeat(size));
    (0..count)
        .map(|n| {
            letter(&n.to_string(), 100, &content)
                .encode()
                .expect("encodes")
        })
        .collect()
}

fn append(segments: &Segments, lines: &[Vec<u8>]) -> Vec<u64> {
    let mut placed = Vec::new();
    let locked = segments.lock().expect("locks");
    locked.append(lines, &mut placed).expect("appends");
    placed
}

/// The records' ids of all letters that are whole, and the places of all lines that are not.
fn contents(segments: &Segments) -> (Vec<String>, Vec<String>) {
    let (mut whole, mut damaged) = (Vec::new(), Vec::new());
    for number in segments.numbers().expect("numbers") {
        for line in segments.read(number).expect("reads") {
            match line.letter {
                Ok(letter) => whole.extend(letter.record_id.map(|id| id.to_string())),
                Err(why) => damaged.push(why.to_string()),
            }
        }
    }
    (whole, damaged)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_segment_is_closed_at_its_size_and_a_giant_has_one_to_itself() {
    let (_directory, segments) = segments();
    let max = usize::try_from(limits::DEAD_LETTER_SEGMENT_BYTES).expect("fits");
    let mut all = lines(3, max / 3);
    assert_eq!(append(&segments, &all), [1, 1, 2]);
    all = lines(1, max * 2);
    assert_eq!(append(&segments, &all), [3]);
    assert_eq!(append(&segments, &lines(1, 1)), [4]);
    assert_eq!(contents(&segments).0, ["0", "1", "2", "0", "0"]);
}

#[test]
fn files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, segments) = segments();
    append(&segments, &lines(2, 1));
    let locked = segments.lock().expect("locks");
    locked
        .rewrite(1, |letter| match letter.record_id {
            Some(id) if id.as_str() == "0" => Change::Remove,
            _ => Change::Keep,
        })
        .expect("rewrites");
    let folder = directory.path().join("dead-letters");
    let mode = |path: &Path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in names(&folder) {
        assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_rewrite_keeps_changes_and_removes_and_leaves_damage_alone() {
    let (directory, segments) = segments();
    append(&segments, &lines(4, 10));
    let path = segments.path(1);
    let text = fs::read_to_string(&path).expect("reads");
    fs::write(&path, text.replacen("yyy", "yzy", 1)).expect("writes");

    let locked = segments.lock().expect("locks");
    let changed = locked
        .rewrite(1, |letter| {
            match letter.record_id.as_ref().map(|id| id.as_str()) {
                Some("0") => panic!("this line is damaged"),
                Some("1") => Change::Remove,
                Some("2") => Change::Replace(Letter {
                    superseded: true,
                    ..letter
                }),
                _ => Change::Keep,
            }
        })
        .expect("rewrites");
    assert_eq!(
        changed,
        Changed {
            removed: 1,
            replaced: 1
        }
    );
    drop(locked);
    let (whole, damaged) = contents(&segments);
    assert_eq!(whole, ["2", "3"]);
    let place = format!("{}:1: its checksum is ", path.display());
    assert!(
        damaged.len() == 1 && damaged[0].starts_with(&place),
        "{damaged:?}"
    );
    assert_eq!(
        names(&directory.path().join("dead-letters")),
        ["0000000001.ndjson", "lock"]
    );
}

#[test]
fn an_emptied_segment_goes() {
    let (directory, segments) = segments();
    append(&segments, &lines(2, 10));
    let locked = segments.lock().expect("locks");
    locked.rewrite(1, |_| Change::Remove).expect("rewrites");
    drop(locked);
    assert_eq!(names(&directory.path().join("dead-letters")), ["lock"]);
    assert_eq!(append(&segments, &lines(1, 10)), [1]);
}

#[test]
fn a_half_made_replacement_is_thrown_away() {
    let (directory, segments) = segments();
    append(&segments, &lines(2, 10));
    let folder = directory.path().join("dead-letters");
    fs::write(folder.join("0000000001.tmp"), "{\"crc\":").expect("writes");
    assert_eq!(
        segments.lock().expect("locks").size().expect("size"),
        fs::metadata(segments.path(1)).expect("metadata").len()
    );
    assert_eq!(names(&folder), ["0000000001.ndjson", "lock"]);
}

#[test]
fn a_disk_without_room_leaves_nothing_behind() {
    let (_directory, segments) = segments();
    std::os::unix::fs::symlink("/dev/full", segments.path(1)).expect("links");
    let mut placed = Vec::new();
    let locked = segments.lock().expect("locks");
    let error = locked.append(&lines(2, 10), &mut placed).expect_err("full");
    let Error::Io { source, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    assert!(placed.is_empty());
    assert_eq!(locked.size().expect("size"), 0);
}

#[test]
fn nobody_undoes_what_another_does_at_the_same_time() {
    let (_directory, segments) = segments();
    let all = lines(60, 10);
    let is_odd = |letter: &Letter| {
        let id = letter.record_id.as_ref().expect("an id").as_str();
        id.ends_with(['1', '3', '5', '7', '9'])
    };
    std::thread::scope(|scope| {
        for part in all.chunks(20) {
            let segments = &segments;
            scope.spawn(move || {
                for line in part {
                    append(segments, std::slice::from_ref(line));
                }
            });
        }
        scope.spawn(|| {
            let mut removed = 0;
            while removed < 30 {
                let locked = segments.lock().expect("locks");
                let changed = locked.rewrite(1, |letter| match is_odd(&letter) {
                    true => Change::Remove,
                    false => Change::Keep,
                });
                removed += changed.expect("rewrites").removed;
            }
        });
    });
    let (whole, damaged) = contents(&segments);
    let mut whole: Vec<u32> = whole
        .iter()
        .map(|id| id.parse().expect("a number"))
        .collect();
    whole.sort_unstable();
    assert_eq!(whole, (0..60).step_by(2).collect::<Vec<u32>>());
    assert_eq!(damaged, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A crash may tear the newest segment at any byte.
    #[test]
    fn a_segment_cut_anywhere_keeps_every_whole_line(cut in any::<prop::sample::Index>(), size in 0usize..3_000) {
        let (_directory, segments) = segments();
        append(&segments, &lines(40, size));
        let path = segments.path(1);
        let whole = fs::read(&path).expect("reads");
        let cut = cut.index(whole.len());
        fs::write(&path, &whole[..cut]).expect("cuts");
        append(&segments, &[letter("after", 100, "{}").encode().expect("encodes")]);
        let kept = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let mut expected: Vec<String> = (0..kept).map(|n| n.to_string()).collect();
        expected.push("after".to_owned());
        prop_assert_eq!(contents(&segments), (expected, Vec::new()));
    }

    /// A disk may flip any bit.
    #[test]
    fn a_flipped_bit_costs_no_more_than_two_letters(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (_directory, segments) = segments();
        append(&segments, &lines(5, 10));
        append(&segments, &lines(1, usize::try_from(limits::DEAD_LETTER_SEGMENT_BYTES).expect("fits")));
        let path = segments.path(1);
        let mut bytes = fs::read(&path).expect("reads");
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).expect("writes");
        let (whole, damaged) = contents(&segments);
        // A line break that is none joins two lines; a byte that becomes one splits a line.
        prop_assert!(whole.len() >= 4, "{} {:?}", whole.len(), damaged);
        prop_assert!(whole.len() == 6 || !damaged.is_empty());
        prop_assert_eq!(fs::read(&path).expect("reads"), bytes);
    }
}
