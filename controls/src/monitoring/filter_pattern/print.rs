//! Writing a pattern so that it reads the same again.

use std::fmt::{Formatter, Result};

use super::{Condition, Expression, Order, Pattern, Step, Terms, Test, Value};

pub(super) fn pattern(pattern: &Pattern, f: &mut Formatter<'_>) -> Result {
    match pattern {
        Pattern::Json(whole) => {
            f.write_str("{ ")?;
            expression(whole, f)?;
            f.write_str(" }")
        }
        Pattern::Terms(words) => terms(words, f),
        Pattern::Regex(regex) => write!(f, "{regex}"),
    }
}

fn expression(whole: &Expression, f: &mut Formatter<'_>) -> Result {
    let (parts, sign) = match whole {
        Expression::Or(parts) => (parts, " || "),
        Expression::And(parts) => (parts, " && "),
        Expression::Condition(single) => return condition(single, f),
    };
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(sign)?;
        }
        if let Expression::Condition(single) = part {
            condition(single, f)?;
        } else {
            f.write_str("(")?;
            expression(part, f)?;
            f.write_str(")")?;
        }
    }
    Ok(())
}

fn condition(condition: &Condition, f: &mut Formatter<'_>) -> Result {
    f.write_str("$")?;
    for step in &condition.selector {
        match step {
            Step::Property(name) if name.chars().all(super::parse::is_name) => write!(f, ".{name}")?,
            Step::Property(name) => write!(f, ".['{name}']")?,
            Step::AnyProperty => f.write_str(".*")?,
            Step::Element(at) => write!(f, "[{at}]")?,
            Step::AnyElement => f.write_str("[*]")?,
        }
    }
    match &condition.test {
        Test::Equal(wanted) => {
            f.write_str(" = ")?;
            value(wanted, f)
        }
        Test::NotEqual(wanted) => {
            f.write_str(" != ")?;
            value(wanted, f)
        }
        Test::Number(order, number) => {
            let sign = match order {
                Order::Less => "<",
                Order::LessOrEqual => "<=",
                Order::Greater => ">",
                Order::GreaterOrEqual => ">=",
            };
            write!(f, " {sign} {}", number.text)
        }
        Test::IsNull => f.write_str(" IS NULL"),
        Test::Is(true) => f.write_str(" IS TRUE"),
        Test::Is(false) => f.write_str(" IS FALSE"),
        Test::NotExists => f.write_str(" NOT EXISTS"),
    }
}

fn value(value: &Value, f: &mut Formatter<'_>) -> Result {
    match value {
        Value::Number(number) => f.write_str(&number.text),
        Value::Text(text) => write!(f, "\"{text}\""),
        Value::Regex(regex) => write!(f, "{regex}"),
    }
}

fn terms(terms: &Terms, f: &mut Formatter<'_>) -> Result {
    let all = terms.all.iter().map(|word| ("", word));
    let any = terms.any.iter().map(|word| ("?", word));
    let none = terms.none.iter().map(|word| ("-", word));
    for (at, (sign, word)) in all.chain(any).chain(none).enumerate() {
        let space = if at > 0 { " " } else { "" };
        let word = word.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "{space}{sign}\"{word}\"")?;
    }
    Ok(())
}
