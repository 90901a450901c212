//! What every source repeats: a row with its envelope, a list read to its end.

/// Puts a row of the context's account and region.
macro_rules! put {
    ($context:expr, $type:ident, $key:expr, $source:expr, { $($fields:tt)* }) => {
        $context.put(&$type {
            account: $context.account.to_owned(),
            region: $context.region.to_owned(),
            key: $key,
            source: $source,
            $($fields)*
        })
    };
}

/// Reads a list to its end, hands each page to the block, and names a failure; `$resource` is the
/// one thing whose list it is, if any.
macro_rules! list {
    ($context:expr, $operation:literal, $resource:expr, $call:expr, $next:expr, |$page:ident, $source:ident| $each:block) => {
        let list = $context.pages($call, $next).await;
        for answer in &list.pages {
            let ($page, $source) = (&answer.output, answer.exchange);
            $each
        }
        if let Some(failure) = list.failure {
            $context.gap($operation, $resource, &failure);
        }
    };
}

pub(super) use {list, put};

/// Texts in a fixed order.
pub(super) fn sorted<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut texts: Vec<String> = texts.into_iter().map(|text| text.as_ref().to_owned()).collect();
    texts.sort();
    texts
}
