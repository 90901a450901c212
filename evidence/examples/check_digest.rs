//! Checks nothing of an archive but the digest it ends in: how fast exhibit hashes (`make bench`).

use std::fs::File;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name an archive")?;
    let file = File::open(path)?;
    let begun = Instant::now();
    evidence::archive::check_digest(&file)?;
    println!("{}", begun.elapsed().as_secs_f64());
    Ok(())
}
