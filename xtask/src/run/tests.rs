use super::*;

#[test]
fn progress_is_reported_and_everything_else_is_logged() {
    let mut printed: &[u8] =
        b"   Compiling a v1\n    Building [=>     ] 1/310: a\r    Building [==>    ] 12/310: b(build), c\r\
          error: no\nBuilding [x\nno newline";
    let (mut log, mut reported) = (Vec::new(), Vec::new());
    follow(&mut printed, &mut log, |done, of| reported.push((done, of))).unwrap();
    assert_eq!(reported, [(1, 310), (12, 310)]);
    assert_eq!(log, b"   Compiling a v1\nerror: no\nBuilding [x\nno newline");
}

#[test]
fn the_reasons_of_failures_are_kept() {
    let printed = "test a ... ok\ntest b ... FAILED\n\n---- b stdout ----\nthread 'b' panicked at b.rs:1:1:\n\
                   left\n1\n2\n3\n4\n5\n";
    let (mut screen, (sender, kept)) = (Vec::new(), mpsc::channel());
    reasons(printed.as_bytes(), &mut screen, &sender);
    drop(sender);
    let kept: Vec<String> = kept.iter().collect();
    assert_eq!(kept, ["thread 'b' panicked at b.rs:1:1:", "left", "1", "2", "3"]);
    assert_eq!(String::from_utf8(screen).unwrap(), printed);
}

#[test]
fn the_tail_is_the_last_lines() {
    let text: &[u8] = b"one\ntwo\nthree\n";
    assert_eq!(tail(text, 2), ["two", "three"]);
    assert_eq!(tail(text, 9).len(), 3);
}

#[test]
fn a_command_is_shown_without_its_directory() {
    let mut command = Command::new("/usr/bin/cargo");
    command.args(["fmt", "--check"]);
    assert_eq!(shown(&command), "cargo fmt --check");
}

#[test]
fn a_failing_or_missing_program_prints_nothing() {
    assert_eq!(output(&mut Command::new("false")), None);
    assert_eq!(output(&mut Command::new("there-is-no-such-program")), None);
}
