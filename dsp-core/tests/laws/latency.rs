//! Law 4: neutral settings are the delayed input; the stated latency is the measured one.

use super::*;

/// A processor with a latency, for the laws of combinations.
#[derive(Clone)]
struct Late {
    spec: StreamSpec,
    ring: Vec<f32>,
    position: usize,
}

impl Late {
    fn boxed(spec: StreamSpec, frames: usize) -> EffectProcessor<f32> {
        EffectProcessor::custom(Self { spec, ring: vec![0.0; frames * spec.channels()], position: 0 })
    }
}

impl Processor<f32> for Late {
    fn spec(&self) -> StreamSpec {
        self.spec
    }
    fn process(&mut self, block: &mut BlockMut<'_, '_, f32>) {
        let frames = self.latency_frames();
        for n in 0..block.frames() {
            for channel in 0..self.spec.channels() {
                std::mem::swap(&mut self.ring[channel * frames + self.position], &mut block.channel_mut(channel)[n]);
            }
            self.position = (self.position + 1) % frames;
        }
    }
    fn reset(&mut self) {
        self.ring.fill(0.0);
        self.position = 0;
    }
    fn latency_frames(&self) -> usize {
        self.ring.len() / self.spec.channels()
    }
    fn tail(&self) -> Tail {
        Tail::Frames(self.latency_frames() as u64)
    }
}

fn delayed(audio: &[f32], channels: usize, latency: usize) -> Vec<f32> {
    let frames = audio.len() / channels;
    audio.chunks(frames).flat_map(|samples| [&vec![0.0; latency], &samples[..frames - latency]].concat()).collect()
}

#[test]
fn law_4_g2_neutral_settings_are_the_delayed_input_bit_for_bit() {
    for entry in entries() {
        let Some(neutral) = entry.neutral else { continue };
        let channels = channel_counts(&neutral).into_iter().max().unwrap();
        let mut processor = neutral.build::<f32>(&spec(channels)).unwrap();
        assert_eq!(processor.spec().channels(), processor.output_channels(), "{}", entry.name);
        let input = planar_noise::<f32>(channels, FRAMES);
        let mut output = input.clone();
        run(&mut processor, &mut output, &Cut(vec![100]), vec![]);
        assert!(same_bits(&output, &delayed(&input, channels, processor.latency_frames())), "{}", entry.name);
    }
}

#[test]
fn law_4_stated_latency_is_the_measured_one_in_every_combination() {
    let mono = spec(1);
    let chain = |latencies: &[usize], spec: StreamSpec| {
        Chain::new(&spec, latencies.iter().map(|&frames| Late::boxed(spec, frames)).collect()).unwrap()
    };
    let stereo = spec(2);
    let cases: Vec<(EffectProcessor<f32>, usize, f32)> = vec![
        (EffectProcessor::Chain(chain(&[3, 40], stereo)), 43, 1.0),
        // Both branches are aligned: the impulse doubles.
        (
            EffectProcessor::Parallel(
                Parallel::new(&stereo, vec![Late::boxed(stereo, 5), Late::boxed(stereo, 77)], &[]).unwrap(),
            ),
            77,
            2.0,
        ),
        (EffectProcessor::MidSide(MidSide::new(&stereo, chain(&[9], mono), chain(&[], mono)).unwrap()), 9, 1.0),
        (EffectProcessor::Bypass(Box::new(Bypass::new(Late::boxed(stereo, 300), true))), 300, 1.0),
    ];
    for (mut processor, latency, level) in cases {
        assert_eq!(processor.latency_frames(), latency);
        let input = planar_noise::<f32>(2, 2_000);
        let mut output = input.clone();
        run(&mut processor, &mut output, &Cut(vec![77]), vec![]);
        let expected = delayed(&input, 2, latency);
        // Mid and side are rounded once in between.
        assert!(output.iter().zip(&expected).all(|(a, b)| (a - level * b).abs() <= 2.0 * f32::EPSILON), "{latency}");
        assert_eq!(processor.tail(), Tail::Frames(latency as u64));
        processor.reset();
        let mut again = input.clone();
        run(&mut processor, &mut again, &Cut(vec![77]), vec![]);
        assert!(same_bits(&again, &output), "{latency}: reset");
    }
}
