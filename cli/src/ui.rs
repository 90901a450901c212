//! What a person sees in the terminal.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use controls::result::{ControlVerdict, Counts};
use unicode_width::UnicodeWidthChar;

use crate::args::Color;
use crate::exit::Stop;

/// Prints a line of the result.
macro_rules! say {
    () => { $crate::ui::emit("\n")? };
    ($($arg:tt)*) => { $crate::ui::emit(&format!("{}\n", format_args!($($arg)*)))? };
}
pub(crate) use say;

static COLOR: OnceLock<anstream::ColorChoice> = OnceLock::new();

/// Sets when colours are used; once, at the start.
pub fn set_color(color: Color) {
    let choice = match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    };
    // Set once per process; a second call would be a mistake without consequence.
    let _ = COLOR.set(choice);
}

fn choice() -> anstream::ColorChoice {
    COLOR.get().copied().unwrap_or(anstream::ColorChoice::Auto)
}

/// Writes to stdout. A reader that has gone away is no error; a full disk is.
pub fn emit(text: &str) -> Result<(), Stop> {
    let mut out = anstream::AutoStream::new(io::stdout().lock(), choice());
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Stop::failure(format!("cannot write the result: {e}"))),
        _ => Ok(()),
    }
}

/// Prints a JSON document.
pub fn emit_json(value: &serde_json::Value) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(value).map_err(Stop::failure)?;
    emit(&format!("{text}\n"))
}

/// Writes to stderr; nothing can be done if that fails.
pub fn complain(text: &str) {
    let mut err = anstream::AutoStream::new(io::stderr().lock(), choice());
    let _ = writeln!(err, "{text}");
}

/// Text in a style.
pub fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Bold.
pub fn bold(text: &str) -> String {
    styled(Style::new().bold(), text)
}

/// For what matters less.
pub fn dim(text: &str) -> String {
    styled(Style::new().dimmed(), text)
}

/// The colour of a verdict.
fn verdict_style(verdict: ControlVerdict) -> Style {
    let color = match verdict {
        ControlVerdict::Fail => AnsiColor::Red,
        ControlVerdict::NotTested => AnsiColor::Magenta,
        ControlVerdict::PassWithExceptions => AnsiColor::Yellow,
        ControlVerdict::Pass => AnsiColor::Green,
        ControlVerdict::Na => return Style::new().dimmed(),
    };
    Style::new().bold().fg_color(Some(color.into()))
}

/// A verdict in words: those of the JSON output.
pub fn verdict_word(verdict: ControlVerdict) -> &'static str {
    match verdict {
        ControlVerdict::Fail => "fail",
        ControlVerdict::NotTested => "not-tested",
        ControlVerdict::PassWithExceptions => "pass-with-exceptions",
        ControlVerdict::Pass => "pass",
        ControlVerdict::Na => "na",
    }
}

/// A verdict in colour, padded to the width of the column.
pub fn verdict_cell(verdict: ControlVerdict, observe: bool) -> String {
    let (word, style) = match (verdict, observe) {
        (ControlVerdict::Fail, true) => ("observation", Style::new().fg_color(Some(AnsiColor::Yellow.into()))),
        (ControlVerdict::PassWithExceptions, _) => ("pass (exc.)", verdict_style(verdict)),
        _ => (verdict_word(verdict), verdict_style(verdict)),
    };
    styled(style, &format!("{word:<11}"))
}

/// `3 fail, 9 pass`; of an empty population, whether it was looked at.
pub fn counts(counts: &Counts, verdict: ControlVerdict) -> String {
    let parts = [
        (counts.fail, "fail"),
        (counts.unknown, "unknown"),
        (counts.accepted, "accepted"),
        (counts.pass, "pass"),
        (counts.na, "na"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    match (parts.is_empty(), verdict) {
        (true, ControlVerdict::NotTested) => "nothing seen".to_owned(),
        (true, _) => "nothing to test".to_owned(),
        (false, _) => parts.join(", "),
    }
}

/// Text from outside, safe to print: a name could hold escape sequences or change the direction
/// of writing.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hidden {
            // Writing to a String cannot fail.
            let _ = write!(out, "<U+{:04X}>", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

/// Safe text, cut to a number of columns.
pub fn cut(text: &str, columns: usize) -> String {
    let text = safe(text);
    let mut out = String::new();
    let mut width = 0;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width >= columns {
            out.push('…');
            return out;
        }
        out.push(c);
    }
    out
}

/// Safe text in lines of at most so many columns, two at most; words are kept whole where they fit.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let text = safe(text);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let width = |s: &str| s.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
        let last = lines.len() - 1;
        if !lines[last].is_empty() && width(&lines[last]) + 1 + width(word) > columns {
            if lines.len() == 2 {
                lines[last] = cut(&format!("{} {word}…", lines[last]), columns);
                return lines;
            }
            lines.push(String::new());
        }
        let line = lines.last_mut().filter(|line| !line.is_empty());
        match line {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => {
                lines.pop();
                lines.push(cut(word, columns));
            }
        }
    }
    lines
}

/// Columns of the terminal; 100 where there is none.
pub fn columns() -> usize {
    terminal_size::terminal_size()
        .map_or(100, |(width, _)| usize::from(width.0))
        .clamp(60, 160)
}

/// `1 bucket`, `2 buckets`.
pub fn plural(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mb\u{202e}c\n"), "a<U+001B>[31mb<U+202E>c<U+000A>");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three four five six", 9), ["one two", "three fo…"]);
        assert_eq!(wrap("abcdefghij", 5), ["abcd…"]);
    }
}
