//! How fast requests go. Each account, region and bucket of AWS's has a lane. A lane whose rate AWS
//! documents (`rates.toml`) begins below it; any lane slows down when AWS throttles it, and
//! gets faster again while it does not (additive increase, multiplicative decrease).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evidence::clock::Clock;

use rates::Rate;

pub mod rates;

/// Of AWS's rate: others use the account too, and requests do not arrive as evenly as they leave.
const SHARE: f64 = 0.95;
/// Of AWS's bucket that may go at once.
const BURST_SHARE: f64 = 0.5;
/// To what of its rate a throttled lane goes down.
const DECREASE: f64 = 0.7;
/// The least rate of a lane that AWS documents none for: slower is left to the waiting of each call.
const LEAST: f64 = 3.0;
/// Of a documented rate, the least.
const LEAST_SHARE: f64 = 0.5;
/// The most that a lane stands still because AWS said for how long; signatures get old.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a waiting request sleeps before it looks again: the rate may have changed.
const LOOK: Duration = Duration::from_millis(250);

/// The rate of one lane. Times are those of the run's monotonic clock.
#[derive(Debug)]
pub struct Lane {
    known: Option<(f64, f64)>,
    /// Requests a second; `None`: as fast as answers come.
    rate: Option<f64>,
    burst: f64,
    tokens: f64,
    filled: Duration,
    paused: Duration,
    slowed: Option<Duration>,
    /// When the last requests went.
    recent: VecDeque<Duration>,
}

impl Lane {
    /// At AWS's documented rate from the first request on, where there is one and `keep` is set; without
    /// it that rate is taken up when the lane is throttled.
    pub fn new(known: Option<&Rate>, keep: bool) -> Self {
        let known = known.map(|rate| (rate.per_second * SHARE, (rate.burst * BURST_SHARE).max(1.0)));
        let kept = known.filter(|_| keep);
        Self {
            known,
            rate: kept.map(|(rate, _)| rate),
            burst: kept.map_or(1.0, |(_, burst)| burst),
            tokens: kept.map_or(1.0, |(_, burst)| burst),
            filled: Duration::ZERO,
            paused: Duration::ZERO,
            slowed: None,
            recent: VecDeque::new(),
        }
    }

    /// How long a request must wait now. Zero: it goes, and has taken its place.
    pub fn wait(&mut self, now: Duration) -> Duration {
        let paused = self.paused.saturating_sub(now);
        if !paused.is_zero() {
            return paused;
        }
        if let Some(rate) = self.rate {
            let since = now.saturating_sub(self.filled).as_secs_f64();
            self.tokens = (self.tokens + since * rate).min(self.burst);
            self.filled = now;
            if self.tokens < 1.0 {
                // A microsecond more than is needed: rounding must not make a request wait twice.
                return Duration::from_secs_f64((1.0 - self.tokens) / rate) + Duration::from_micros(1);
            }
            self.tokens -= 1.0;
        }
        self.recent.push_back(now);
        while self.recent.front().is_some_and(|at| *at + Duration::from_secs(1) < now) {
            self.recent.pop_front();
        }
        Duration::ZERO
    }

    /// AWS has throttled a request that went at `sent`, and perhaps said for how long not to ask.
    pub fn throttled(&mut self, sent: Duration, now: Duration, after: Option<Duration>) {
        if let Some(after) = after {
            self.paused = self.paused.max(now + after.min(LONGEST_PAUSE));
        }
        // What went before the lane was slowed down says nothing of the rate that it has now.
        if self.slowed.is_some_and(|at| sent < at) {
            return;
        }
        self.slowed = Some(now);
        let least = self.known.map_or(LEAST, |(rate, _)| rate * LEAST_SHARE);
        let rate = match (self.rate, self.known) {
            (Some(rate), _) => rate * DECREASE,
            (None, Some((rate, _))) => rate,
            #[expect(clippy::cast_precision_loss, reason = "requests of one second")]
            (None, None) => self.recent.len() as f64 * DECREASE,
        };
        self.rate = Some(rate.max(least));
        // Its bucket is empty.
        (self.burst, self.tokens, self.filled) = (1.0, 0.0, now);
    }

    /// AWS has answered.
    pub fn answered(&mut self) {
        if let Some(rate) = self.rate {
            let most = self.known.map_or(f64::INFINITY, |(rate, _)| rate);
            let growth = (0.05 * rate).max(1.0) / rate;
            self.rate = Some((rate + growth.min(1.0)).min(most));
        }
    }
}

/// A lane that many requests wait for.
#[derive(Debug)]
pub struct Queue {
    /// Who waits, in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    lane: Mutex<Lane>,
}

impl Queue {
    /// For a lane.
    pub fn new(lane: Lane) -> Arc<Self> {
        Arc::new(Self {
            turn: tokio::sync::Mutex::new(()),
            lane: Mutex::new(lane),
        })
    }

    /// Waits for the request's turn.
    pub async fn pass<F: Future<Output = ()>>(&self, clock: &dyn Clock, sleep: impl Fn(Duration) -> F) {
        let _turn = self.turn.lock().await;
        loop {
            let wait = self.with(|lane| lane.wait(clock.monotonic()));
            if wait.is_zero() {
                return;
            }
            sleep(wait.min(LOOK)).await;
        }
    }

    /// Tells the lane what came of a request.
    pub fn with<T>(&self, tell: impl FnOnce(&mut Lane) -> T) -> T {
        tell(&mut self.lane.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn lane(service: &str, operation: &str, keep: bool) -> Lane {
        Lane::new(rates::of(service, operation).1, keep)
    }

    /// When so many requests go that all wait from the start.
    fn times(lane: &mut Lane, n: usize) -> Vec<Duration> {
        let mut now = ms(0);
        (0..n)
            .map(|_| {
                loop {
                    match lane.wait(now) {
                        Duration::ZERO => break now,
                        wait => now += wait,
                    }
                }
            })
            .collect()
    }

    #[test]
    fn lookups_keep_their_distance() {
        let went = times(&mut lane("cloudtrail", "LookupEvents", true), 20);
        assert!(went.windows(2).all(|pair| pair[1] - pair[0] >= ms(500)), "{went:?}");
        assert!(went[19] < ms(10_500), "{went:?}");
    }

    #[test]
    fn no_documented_bucket_is_overdrawn() {
        for (service, operation) in [
            ("acm", "DescribeCertificate"),
            ("elbv2", "DescribeTargetHealth"),
            ("sso-admin", "DescribePermissionSet"),
            ("ec2", "DescribeSnapshotAttribute"),
        ] {
            let rate = rates::of(service, operation).1.unwrap();
            let went = times(&mut lane(service, operation, true), 500);
            let (mut held, mut last) = (rate.burst, ms(0));
            for at in &went {
                held = (held + (*at - last).as_secs_f64() * rate.per_second).min(rate.burst) - 1.0;
                last = *at;
                assert!(held >= 0.0, "{service}:{operation} at {at:?}");
            }
            // Nor does it take much longer than it must.
            assert!(
                went[499].as_secs_f64() < 500.0 / rate.per_second * 1.1,
                "{service}:{operation}"
            );
        }
    }

    #[test]
    fn the_first_throttled_answer_slows_a_lane_down_to_what_is_known() {
        let mut free = lane("acm", "DescribeCertificate", false);
        assert!((0..100).all(|_| free.wait(ms(0)).is_zero()));
        free.throttled(ms(0), ms(10), None);
        // All of those that went before are one fault.
        free.throttled(ms(0), ms(20), None);
        assert_eq!(free.rate, Some(9.5));
        assert!(!free.wait(ms(20)).is_zero());
        free.throttled(ms(150), ms(160), None);
        assert_eq!(free.rate, Some(9.5 * DECREASE));
        (0..100).for_each(|_| free.answered());
        assert_eq!(free.rate, Some(9.5));
    }

    #[test]
    fn an_undocumented_lane_finds_its_rate() {
        let mut iam = lane("iam", "ListAccessKeys", false);
        // AWS takes 20 a second; answers come at once.
        let (mut now, mut held, mut throttled, mut answered) = (ms(0), 20.0_f64, 0, 0);
        while answered < 1000 {
            let wait = iam.wait(now);
            let since = wait + if wait.is_zero() { ms(1) } else { ms(0) };
            now += since;
            held = (held + since.as_secs_f64() * 20.0).min(20.0);
            if wait.is_zero() && held >= 1.0 {
                held -= 1.0;
                answered += 1;
                iam.answered();
            } else if wait.is_zero() {
                throttled += 1;
                iam.throttled(now, now, None);
            }
        }
        assert!(throttled < 60, "{throttled}");
        assert!(now < Duration::from_secs(75), "{now:?}");
    }

    #[test]
    fn a_lane_stands_still_for_as_long_as_aws_says() {
        let mut lane = lane("iam", "ListUsers", false);
        lane.throttled(ms(0), ms(0), Some(ms(2000)));
        assert_eq!(lane.wait(ms(500)), ms(1500));
        assert!(lane.wait(ms(2500)).is_zero());
        lane.throttled(ms(3000), ms(3000), Some(Duration::from_secs(86_400)));
        assert!(lane.wait(ms(3000)) <= LONGEST_PAUSE);
    }
}
