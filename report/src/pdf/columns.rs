//! Column widths: what the author asked for, then what makes the rows lowest.

use super::document::{Column, Width};

/// Room for text that no column goes below, so that any one character fits.
const FLOOR: f32 = 16.0;
/// Rows looked at when the widths are balanced.
pub(super) const SAMPLE: usize = 64;
/// Widths grow in steps of this many points.
const STEP: f32 = 3.0;
/// One giant cell must not take the room of all other rows.
const GIANT: f32 = 1500.0;
/// A word longer than this may be broken to let the column be narrower.
const WORD: f32 = 84.0;

/// What the cells of one column need, without padding.
#[derive(Debug, Clone, Default)]
pub(super) struct Demand {
    /// Widest cell on one line.
    pub total: f32,
    /// Widest word.
    pub word: f32,
    /// Widest piece of a word that may be broken.
    pub piece: f32,
    /// Width on one line of the cell in each sampled row.
    pub sample: Vec<f32>,
}

/// Widths of the columns, padding included; their sum is at most `width`.
pub(super) fn widths(columns: &[Column], demands: &[Demand], pad: f32, width: f32) -> Vec<f32> {
    let count = columns.len();
    if count == 0 {
        return Vec::new();
    }
    let wish: Vec<f32> = demands.iter().map(|d| d.total + pad).collect();
    let least: Vec<f32> = columns.iter().zip(demands).map(|(c, d)| least(c, d) + pad).collect();
    let mut set: Vec<f32> = least.clone();
    let mut auto = vec![true; count];
    let mut fractions = 0.0;
    for (i, column) in columns.iter().enumerate() {
        match column.width {
            Width::Auto => {}
            Width::Share(share) => {
                set[i] = (width * share).max(FLOOR + pad);
                auto[i] = false;
            }
            Width::Fraction(f) => {
                fractions += f;
                auto[i] = false;
            }
        }
    }
    let taken: f32 = (0..count)
        .filter(|i| matches!(columns[*i].width, Width::Share(_)))
        .map(|i| set[i])
        .sum();
    let room = width - taken;
    if fractions > 0.0 {
        let mut used = 0.0;
        for i in (0..count).filter(|i| auto[*i]) {
            set[i] = wish[i].min(least[i].max(room * 0.3));
            used += set[i];
        }
        for (i, column) in columns.iter().enumerate() {
            if let Width::Fraction(f) = column.width {
                set[i] = ((room - used) * f / fractions).max(least[i]);
            }
        }
    } else if auto.iter().any(|a| *a) {
        balance(columns, demands, &wish, &auto, pad, room, &mut set);
    }
    let tight: Vec<f32> = columns.iter().zip(demands).map(|(c, d)| tight(c, d) + pad).collect();
    squeeze(&mut set, &tight, pad, width);
    set
}

/// The narrowest the column should be.
fn least(column: &Column, demand: &Demand) -> f32 {
    let wanted = if column.class.nowrap {
        demand.total
    } else if column.class.anywhere {
        demand.piece.min(60.0).max(demand.total.min(36.0))
    } else if demand.word <= WORD {
        demand.word
    } else {
        demand.piece.min(WORD).max(demand.total.min(48.0))
    };
    wanted.max(FLOOR)
}

/// Gives what is left, step by step, to the column that makes most rows lower.
fn balance(columns: &[Column], demands: &[Demand], wish: &[f32], auto: &[bool], pad: f32, room: f32, set: &mut [f32]) {
    let sum = |set: &[f32]| -> f32 { (0..set.len()).filter(|i| auto[*i]).map(|i| set[i]).sum() };
    let mut left = room - sum(set);
    let rows = demands.iter().map(|d| d.sample.len()).max().unwrap_or(0);
    // What a line loses on average because the next word does not fit.
    let ragged: Vec<f32> = columns
        .iter()
        .zip(demands)
        .map(|(c, d)| {
            let unit = if c.class.anywhere { d.piece } else { d.word };
            unit.min(WORD) * 0.3
        })
        .collect();
    while left >= STEP {
        let mut gains = vec![0.0f32; set.len()];
        for row in 0..rows {
            // Lines of a cell, as a fraction; the tallest cell makes the row.
            let lines = |i: usize, width: f32| {
                let total = demands[i].sample.get(row).copied().unwrap_or(0.0).min(GIANT);
                let room = width - pad;
                if total <= room {
                    1.0
                } else {
                    (total / (room - ragged[i]).max(room * 0.5).max(1.0)).max(1.0)
                }
            };
            let (mut first, mut second, mut at) = (1.0f32, 1.0f32, None);
            for (i, width) in set.iter().enumerate() {
                let n = lines(i, *width);
                if n > first {
                    (first, second, at) = (n, first, Some(i));
                } else if n > second {
                    second = n;
                }
            }
            if let Some(i) = at.filter(|i| auto[*i]) {
                gains[i] += first - second.max(lines(i, set[i] + STEP));
            }
        }
        let best = (0..set.len())
            .filter(|i| auto[*i] && gains[*i] > 0.0)
            .max_by(|a, b| gains[*a].total_cmp(&gains[*b]).then(b.cmp(a)));
        match best {
            Some(i) => set[i] += STEP,
            None => break,
        }
        left -= STEP;
    }
    // Every sampled cell fits; first satisfy the others, then spread the rest over the text.
    for i in (0..set.len()).filter(|i| auto[*i]) {
        let more = (wish[i] - set[i]).clamp(0.0, left.max(0.0));
        set[i] += more;
        left -= more;
    }
    if left > 0.0 {
        let stretches = |i: &usize| {
            let class = columns[*i].class;
            auto[*i] && !class.nowrap && !class.num && !class.center
        };
        let mut chosen: Vec<usize> = (0..set.len()).filter(stretches).collect();
        if chosen.is_empty() {
            chosen = (0..set.len()).filter(|i| auto[*i]).collect();
        }
        let total: f32 = chosen.iter().map(|i| set[*i]).sum();
        for i in chosen {
            set[i] += left * set[i] / total;
        }
    }
}

/// The narrowest the column can be without breaking what should stay whole.
fn tight(column: &Column, demand: &Demand) -> f32 {
    let wanted = if column.class.nowrap {
        demand.total
    } else if column.class.anywhere {
        demand.piece.min(40.0)
    } else if demand.word <= WORD {
        demand.word
    } else {
        demand.piece.min(56.0)
    };
    wanted.max(FLOOR)
}

/// Makes the widths fit: first columns give what they have above `tight`, then above the floor.
fn squeeze(set: &mut [f32], tight: &[f32], pad: f32, width: f32) {
    let floor = vec![(FLOOR + pad).min(width / set.len() as f32); set.len()];
    for least in [tight, &floor] {
        let excess = set.iter().sum::<f32>() - width;
        let spare: f32 = set.iter().zip(least).map(|(w, l)| (w - l).max(0.0)).sum();
        if excess <= 0.0 || spare <= 0.0 {
            continue;
        }
        let share = (excess / spare).min(1.0);
        for (w, l) in set.iter_mut().zip(least) {
            *w -= (*w - l).max(0.0) * share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(total: f32, word: f32) -> Demand {
        Demand {
            total,
            word,
            piece: word.min(40.0),
            sample: vec![total; 10],
        }
    }

    #[test]
    fn widths_never_exceed_the_page() {
        let columns = vec![Column::default(); 12];
        let demands = vec![demand(4000.0, 900.0); 12];
        let sum: f32 = widths(&columns, &demands, 9.0, 500.0).iter().sum();
        assert!(sum <= 500.01, "{sum}");
    }

    #[test]
    fn long_columns_get_the_room() {
        let columns = vec![Column::default(); 3];
        let demands = [demand(30.0, 30.0), demand(900.0, 60.0), demand(40.0, 40.0)];
        let set = widths(&columns, &demands, 9.0, 500.0);
        assert!(set[1] > 400.0, "{set:?}");
        assert!(set[0] >= 39.0 && set[2] >= 49.0, "{set:?}");
    }

    #[test]
    fn a_share_gives_way_before_a_date_is_broken() {
        let mut columns = vec![Column::default(); 6];
        columns[0].width = Width::Share(0.5);
        let mut demands = vec![demand(80.0, 80.0); 6];
        demands[0] = demand(900.0, 400.0);
        let set = widths(&columns, &demands, 9.0, 500.0);
        assert!(set.iter().sum::<f32>() <= 500.01);
        assert!(set[1..].iter().all(|w| *w >= 88.9), "{set:?}");
    }

    #[test]
    fn shares_and_fractions_are_kept() {
        let column = |width| Column {
            width,
            ..Column::default()
        };
        let columns = [
            column(Width::Share(0.2)),
            column(Width::Fraction(1.0)),
            column(Width::Fraction(3.0)),
        ];
        let demands = vec![demand(50.0, 20.0); 3];
        let set = widths(&columns, &demands, 9.0, 500.0);
        assert_eq!(set, [100.0, 100.0, 300.0]);
    }
}
