//! The text of a query: finding and filling its parameters without touching literals or comments.

use std::collections::BTreeSet;

/// The text cannot be used as a control's query.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A literal, quoted name or comment has no end.
    #[error("`{0}` is opened and never closed")]
    Unclosed(&'static str),
    /// A placeholder that cannot be filled in.
    #[error("`{0}` is no parameter; write `:name`")]
    Placeholder(String),
    /// More than one statement.
    #[error("`;` inside the query; a page has one SELECT")]
    Statements,
    /// A parameter nobody declared.
    #[error("`:{0}` is used but not declared; add [parameters.{0}] with default and doc")]
    Undeclared(String),
    /// A value that SQL text cannot hold.
    #[error("a value of `:{0}` contains a NUL character; remove it")]
    Nul(String),
}

/// A piece of SQL text.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    /// `'…'`, with its quotes.
    Literal(&'a str),
    /// `:name`, without the colon.
    Parameter(&'a str),
    /// A bare word: keyword, name or number.
    Word(&'a str),
    /// `"…"`, `` `…` ``, `[…]`, a comment, space, anything else.
    Other(&'a str),
}

/// Splits the text as SQLite's tokenizer does, as far as parameters need it.
fn tokens<'a>(sql: &'a str) -> Result<Vec<Token<'a>>, TextError> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (length, kind): (usize, fn(&'a str) -> Token<'a>) = match first {
            '\'' => (quoted(rest, '\'').ok_or(TextError::Unclosed("'"))?, Token::Literal),
            '"' => (quoted(rest, '"').ok_or(TextError::Unclosed("\""))?, Token::Other),
            '`' => (quoted(rest, '`').ok_or(TextError::Unclosed("`"))?, Token::Other),
            '[' => (rest.find(']').ok_or(TextError::Unclosed("["))? + 1, Token::Other),
            '-' if rest.starts_with("--") => (rest.find('\n').map_or(rest.len(), |at| at + 1), Token::Other),
            '/' if rest.starts_with("/*") => (rest[2..].find("*/").ok_or(TextError::Unclosed("/*"))? + 4, Token::Other),
            ':' | '?' | '@' | '$' | '#' => {
                let length = 1 + word(&rest[1..]);
                if first != ':' || length == 1 {
                    return Err(TextError::Placeholder(rest[..length].to_owned()));
                }
                (length, |text| Token::Parameter(&text[1..]))
            }
            ';' => return Err(TextError::Statements),
            c if is_word(c) => (word(rest), Token::Word),
            c => (c.len_utf8(), Token::Other),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(kind(token));
        rest = after;
    }
    Ok(tokens)
}

/// Length of a quoted piece at the start of the text; a doubled quote is part of it.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut from = 1;
    loop {
        let end = from + text[from..].find(quote)? + 1;
        if !text[end..].starts_with(quote) {
            return Some(end);
        }
        from = end + 1;
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

fn word(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

/// The names of all parameters in the text.
pub fn parameters(sql: &str) -> Result<BTreeSet<String>, TextError> {
    Ok(tokens(sql)?
        .into_iter()
        .filter_map(|token| {
            if let Token::Parameter(name) = token {
                Some(name.to_owned())
            } else {
                None
            }
        })
        .collect())
}

/// The contents of all string literals in the text.
pub fn literals(sql: &str) -> Result<Vec<String>, TextError> {
    Ok(tokens(sql)?
        .into_iter()
        .filter_map(|token| {
            if let Token::Literal(text) = token {
                Some(text)
            } else {
                None
            }
        })
        .map(|text| text[1..text.len() - 1].replace("''", "'"))
        .collect())
}

/// The bare words of the text, in upper case.
pub fn words(sql: &str) -> Result<Vec<String>, TextError> {
    Ok(tokens(sql)?
        .into_iter()
        .filter_map(|token| {
            if let Token::Word(word) = token {
                Some(word.to_ascii_uppercase())
            } else {
                None
            }
        })
        .collect())
}

/// The text with every parameter replaced by what `value` gives for its name.
pub fn fill(sql: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, TextError> {
    let mut out = String::with_capacity(sql.len());
    for token in tokens(sql)? {
        match token {
            Token::Parameter(name) => {
                let text = value(name).ok_or_else(|| TextError::Undeclared(name.to_owned()))?;
                if text.contains('\0') {
                    return Err(TextError::Nul(name.to_owned()));
                }
                out.push_str(&text);
            }
            Token::Literal(text) | Token::Word(text) | Token::Other(text) => out.push_str(text),
        }
    }
    Ok(out)
}

/// A text as an SQL literal.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value as an SQL literal; lists and tables become JSON text for `json_each`.
pub fn literal(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "NULL".to_owned(),
        serde_json::Value::Bool(b) => u8::from(*b).to_string(),
        // A negative number after a minus sign would otherwise start a comment.
        serde_json::Value::Number(n) => {
            let text = n.to_string();
            if text.starts_with('-') {
                format!("({text})")
            } else {
                text
            }
        }
        serde_json::Value::String(text) => quote(text),
        other => quote(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(sql: &str) -> Result<String, TextError> {
        fill(sql, |name| (name == "n").then(|| "7".to_owned()))
    }

    #[test]
    fn literals_names_and_comments_stay() {
        for text in [
            "SELECT ':n'",
            "SELECT 'it''s :n'",
            "SELECT \":n\", `:n`, [:n]",
            "SELECT 1 -- :n ' \" /*\n",
            "SELECT /* :n ' -- */ 1",
            "SELECT '/*', '--' -- end :n",
            "SELECT ''",
            "SELECT 'ü:n'",
        ] {
            assert_eq!(filled(text).unwrap(), text);
        }
        assert_eq!(
            filled("SELECT :n,':n',x-:n/* :n */").unwrap(),
            "SELECT 7,':n',x-7/* :n */"
        );
        assert_eq!(filled("SELECT '''' || :n").unwrap(), "SELECT '''' || 7");
    }

    #[test]
    fn what_cannot_be_filled_is_refused() {
        assert_eq!(filled("SELECT :other"), Err(TextError::Undeclared("other".to_owned())));
        assert_eq!(filled("SELECT :nn"), Err(TextError::Undeclared("nn".to_owned())));
        assert_eq!(filled("SELECT ?1"), Err(TextError::Placeholder("?1".to_owned())));
        assert_eq!(filled("SELECT @x"), Err(TextError::Placeholder("@x".to_owned())));
        assert_eq!(filled("SELECT $x"), Err(TextError::Placeholder("$x".to_owned())));
        assert_eq!(filled("SELECT 'x"), Err(TextError::Unclosed("'")));
        assert_eq!(filled("SELECT 1 /* x"), Err(TextError::Unclosed("/*")));
        assert_eq!(filled("SELECT 1; DROP TABLE gap"), Err(TextError::Statements));
        assert_eq!(
            fill("SELECT :n", |_| Some("'\0'".to_owned())),
            Err(TextError::Nul("n".to_owned()))
        );
    }

    #[test]
    fn values_become_literals() {
        use serde_json::json;
        assert_eq!(literal(&json!(null)), "NULL");
        assert_eq!(literal(&json!(true)), "1");
        assert_eq!(literal(&json!(-3)), "(-3)");
        assert_eq!(literal(&json!(1.5)), "1.5");
        assert_eq!(literal(&json!("it's")), "'it''s'");
        assert_eq!(literal(&json!(["a'b", 1])), "'[\"a''b\",1]'");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_sqlite(text in "[^\0]*") {
            let sql = fill("SELECT :v -- :v", |_| Some(quote(&text))).unwrap();
            let db = rusqlite::Connection::open_in_memory().unwrap();
            let back: String = db.query_row(&sql, [], |row| row.get(0)).unwrap();
            prop_assert_eq!(back, text);
        }

        #[test]
        fn any_list_comes_back_from_sqlite(list in proptest::collection::vec("[^\0]*", 0..5)) {
            let sql = fill("SELECT value FROM json_each(:v)", |_| Some(literal(&list.clone().into()))).unwrap();
            let db = rusqlite::Connection::open_in_memory().unwrap();
            let mut query = db.prepare(&sql).unwrap();
            let back: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(back, list);
        }

        #[test]
        fn text_without_parameters_is_untouched(text in "[a-zA-Z0-9 '\"/*\\-\n,().]*") {
            if let Ok(same) = fill(&text, |_| None) {
                prop_assert_eq!(same, text);
            }
        }
    }
}
