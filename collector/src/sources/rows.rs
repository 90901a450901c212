//! What sources of many small reads share: a row's envelope, sorted lists.

/// Keeps a row of the context's account and region.
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
pub(super) use put;

/// Reads a list to its end, hands each item with its exchange to `each`, and names a failure.
macro_rules! list {
    ($context:expr, $operation:literal, $call:expr, $next:expr, $items:ident, |$item:ident, $source:ident| $each:block) => {
        let list = $context.pages($call, $next).await;
        for page in &list.pages {
            let $source = page.exchange;
            for $item in page.output.$items() $each
        }
        if let Some(failure) = list.failure {
            $context.gap($operation, None, &failure);
        }
    };
}
pub(super) use list;

/// Texts in a fixed order.
pub(super) fn sorted<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut items: Vec<String> = items.into_iter().map(Into::into).collect();
    items.sort();
    items
}
