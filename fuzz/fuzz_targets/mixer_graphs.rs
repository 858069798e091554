//! Whole mixes with random routes, keys, inserts and lanes: the same bits however cut, and no edit is half made.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mixdown::{
    Block, BlockMut, Cpu, Mixer, MixerParams, NamedStrip, StreamSpec, StripInput, StripParams,
    console::{KeyParams, Lane, Point, SendParams, Shape, VcaParams},
    params::{Fields, Kind},
};
use mixdown_fuzz::{Signal, Style, drawn, effect, same};

const RATE_HZ: f64 = 48_000.0;
const MAX_STRIPS: usize = 6;
const MAX_FRAMES: usize = 900;
const MAX_ROUNDS: usize = 4;

fuzz_target!(|data: &[u8]| {
    // A case ends when the bytes run out.
    let _ = run(&mut Unstructured::new(data));
});

/// A name that some strip is likely to have.
fn name(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=MAX_STRIPS + 2)? {
        index if index < MAX_STRIPS => format!("s{index}"),
        _ => "master".into(),
    })
}

/// Points whose times rise, nearly always.
fn lane(u: &mut Unstructured<'_>, params: &StripParams) -> Result<Lane> {
    let insert = u.int_in_range(0..=params.inserts.len())?;
    let fields = params.inserts.get(insert).map_or(StripParams::FIELDS, Fields::fields);
    let Some(field) = (!fields.is_empty()).then(|| u.choose(fields)).transpose()? else { return Ok(Lane::default()) };
    let parameter = if insert < params.inserts.len() { format!("{insert}/{}", field.name) } else { field.name.into() };
    let mut time_s = 0.0;
    let points = (0..u.int_in_range(1..=4)?).map(|_| {
        time_s += f64::from(u.int_in_range(-1..=400)?) / 20_000.0;
        let value = match field.kind {
            Kind::Number(range) => range.within(range.range(RATE_HZ)).at(f64::from(u.arbitrary::<u8>()?) / 255.0),
            _ => f64::from(u.int_in_range(0..=1)?),
        };
        let shapes = [Shape::Linear, Shape::DbLinear, Shape::Exponential, Shape::SCurve, Shape::Hold];
        Ok(Point { time_s: f64::max(time_s, 0.0), value, shape: *u.choose(&shapes)? })
    });
    Ok(Lane { points: points.collect::<Result<_>>()?, parameter })
}

fn strip(u: &mut Unstructured<'_>) -> Result<StripParams> {
    let mut params: StripParams = drawn(u, Style::Tame, RATE_HZ)?;
    if u.ratio(3, 4)? {
        params.width = 1.0;
    }
    params.solo &= u.ratio(1, 4)?;
    params.to = name(u)?;
    params.inserts = (0..u.int_in_range(0..=2)?).map(|_| effect(u, Style::Tame, RATE_HZ, 1)).collect::<Result<_>>()?;
    for _ in 0..u.int_in_range(0..=2)? {
        params.sends.push(SendParams { to: name(u)?, ..drawn(u, Style::Tame, RATE_HZ)? });
    }
    if u.ratio(1, 3)? {
        params.keys.push(KeyParams { insert: u.int_in_range(0..=1)?, from: name(u)? });
    }
    for _ in 0..u.int_in_range(0..=2)? {
        params.automation.push(lane(u, &params)?);
    }
    Ok(params)
}

fn mix(u: &mut Unstructured<'_>) -> Result<MixerParams> {
    let mut mix = MixerParams::default();
    for index in 0..u.int_in_range(1..=MAX_STRIPS)? {
        let input = match u.int_in_range(0..=3)? {
            0 => StripInput::Group,
            1 => StripInput::Return,
            channels => StripInput::Track { channels: channels - 1 },
        };
        mix.strips.push(NamedStrip { name: format!("s{index}"), input, params: strip(u)? });
    }
    if u.ratio(1, 4)? {
        mix.vcas.push(VcaParams { name: "v".into(), members: vec![name(u)?], ..drawn(u, Style::Tame, RATE_HZ)? });
    }
    Ok(mix)
}

/// The same edit of both mixers; a refused one must leave the mix as it was.
fn edit(u: &mut Unstructured<'_>, mixers: [&mut Mixer<f32>; 2]) -> Result<()> {
    let kind = u.int_in_range(0..=6)?;
    let (old, new, params) = (name(u)?, name(u)?, strip(u)?);
    let position = u.int_in_range(0..=MAX_STRIPS)?;
    let outcomes = mixers.map(|mixer| {
        let before = mixer.params().clone();
        let outcome = match kind {
            0 => mixer.remove(&old),
            1 => mixer.rename(&old, &new),
            2 => mixer.reorder(&old, position),
            3 => mixer.add(&new, StripInput::Group, &params).map(drop),
            4 => mixer.set_vcas(&[VcaParams { name: "w".into(), members: vec![old.clone()], ..Default::default() }]),
            _ => mixer.set(&old, &params),
        };
        match outcome {
            Ok(()) => String::new(),
            Err(error) => {
                assert_eq!(&before, mixer.params(), "half edited by {kind}: {error}");
                error.to_string()
            }
        }
    });
    assert_eq!(outcomes[0], outcomes[1], "the edits differ");
    Ok(())
}

/// Mixes frames `start..end` of the inputs into the same frames of the output.
fn process(mixer: &mut Mixer<f32>, inputs: &[(usize, Vec<f32>)], out: &mut [f32], [start, end]: [usize; 2]) {
    let blocks: Vec<_> = inputs
        .iter()
        .map(|(channels, samples)| Block::from_planar(samples, *channels).expect("whole frames"))
        .collect();
    let parts: Vec<_> = blocks.iter().map(|block| block.frames_at(start, end - start)).collect();
    let mut out = BlockMut::from_planar(out, 2).expect("stereo");
    mixer.process(&parts, &mut out.frames_mut(start, end - start));
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let cpu = *u.choose(&[Cpu::Detected, Cpu::Baseline, Cpu::Avx2, Cpu::Software])?;
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal").with_cpu(cpu);
    let mix = mix(u)?;
    let mut whole = match Mixer::<f32>::build(&mix, &spec) {
        Ok(mixer) => mixer,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Ok(());
        }
    };
    let mut cut = Mixer::<f32>::build(&mix, &spec).expect("the other was built");
    for _ in 0..u.int_in_range(1..=MAX_ROUNDS)? {
        let frames = u.int_in_range(0..=MAX_FRAMES)?;
        let mut inputs = Vec::new();
        for strip in &whole.params().strips {
            if let StripInput::Track { channels } = strip.input {
                inputs.push((channels, Signal::<f32>::draw(u, channels * frames)?.samples));
            }
        }
        let (mut expected, mut actual) = (vec![0.0; 2 * frames], vec![0.0; 2 * frames]);
        process(&mut whole, &inputs, &mut expected, [0, frames]);
        let mut start = 0;
        while start < frames {
            let end = (start + u.int_in_range(1..=MAX_FRAMES)?).min(frames);
            process(&mut cut, &inputs, &mut actual, [start, end]);
            start = end;
        }
        assert!(same(&expected, &actual), "another cut gives other bits: {:#?}", whole.params());
        assert!(expected.iter().all(|sample| sample.is_finite()), "not finite: {:#?}", whole.params());
        if u.arbitrary()? {
            edit(u, [&mut whole, &mut cut])?;
        }
    }
    Ok(())
}
