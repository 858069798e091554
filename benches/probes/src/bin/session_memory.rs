//! Renders a session of so many minutes block by block and prints the largest resident set of the process, in kB: eight
//! strips, a reverb, a limiter, and a loudness meter of constant memory.

use mixdown::{
    Block, BlockMut, Meter, Mixer, MixerParams, NamedStrip, StreamSpec, StripInput, StripParams,
    console::SendParams,
    dynamics::{CompressorParams, LimiterParams},
    meters::{LoudnessParams, Memory},
    reverbs::ReverbParams,
};

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 512;
const TRACKS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let minutes: f64 = std::env::args().nth(1).ok_or("minutes")?.parse()?;
    let spec = StreamSpec::new(RATE_HZ, 2)?;
    let tracks = (0..TRACKS).map(|track| NamedStrip {
        name: format!("track {track}"),
        input: StripInput::Track { channels: 1 },
        params: StripParams {
            inserts: vec![CompressorParams::default().into()],
            sends: vec![SendParams { to: "hall".into(), level_db: -18.0, ..Default::default() }],
            ..Default::default()
        },
    });
    let hall = StripParams { inserts: vec![ReverbParams::default().into()], ..Default::default() };
    let hall = NamedStrip { name: "hall".into(), input: StripInput::Return, params: hall };
    let master = StripParams { inserts: vec![LimiterParams::default().into()], ..Default::default() };
    let params = MixerParams { strips: tracks.chain([hall]).collect(), master, ..Default::default() };
    let mut mixer = Mixer::<f32>::build(&params, &spec)?;
    let mut meter = LoudnessParams { memory: Memory::Constant, ..Default::default() }.build::<f32>(&spec)?;

    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.1 * (state as f32 / u32::MAX as f32 - 0.5)
    };
    let source: Vec<f32> = (0..TRACKS * FRAMES).map(|_| noise()).collect();
    let inputs: Vec<Block<'_, '_, f32>> =
        source.chunks_exact(FRAMES).map(|track| Block::from_planar(track, 1)).collect::<Result<_, _>>()?;
    let mut out = vec![0.0; 2 * FRAMES];
    for _ in 0..(minutes * 60.0 * RATE_HZ) as usize / FRAMES {
        mixer.process(&inputs, &mut BlockMut::from_planar(&mut out, 2)?);
        meter.observe(&Block::from_planar(&out, 2)?);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("a system without /proc")?;
    println!("{}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}
