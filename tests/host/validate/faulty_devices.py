"""Devices with a fault planted: what `consilience validate` has to find."""

from fractions import Fraction

import numpy as np

from consilience.devices.cpu import CpuDevice


class OffByOne(CpuDevice):
    """One code of 10^5 is one ulp off: in the 777th packet alone, or in one agent."""

    def sums(self, codes, offsets):
        found, status = super().sums(codes, offsets)
        if len(found) > 777:
            found = found.copy()
            found[777] ^= 1
        return found, status

    def posteriors_of_rows(self, rows, ids, start, weights):
        found = super().posteriors_of_rows(rows, ids, start, weights)
        posterior = found.posterior.copy()
        posterior[99_999 % len(posterior), 0] ^= 1
        return found._replace(posterior=posterior)


class OneBitLow(CpuDevice):
    """A monitor's threshold is one bit too low: twice as many false alarms as were chosen."""

    def monitor(self, *bets, arl=None, false_alarm=None, **options):
        arl = None if arl is None else Fraction(arl) / 2
        false_alarm = None if false_alarm is None else Fraction(false_alarm) * 2
        return super().monitor(*bets, arl=arl, false_alarm=false_alarm, **options)


class SwayedByOne(CpuDevice):
    """One liar more than was told of moves the interval, and a decision."""

    def robust_scan(self, ratios, faulty, clip, threshold):
        return super().robust_scan(ratios, max(0, faulty - 1), clip, threshold)


class NamesAll(CpuDevice):
    """A reading of the fleet is made at a level far above alpha."""

    def monitor(self, *bets, **options):
        made = super().monitor(*bets, **options)
        fleet = made.fleet
        made.fleet = lambda alpha: fleet(Fraction(99, 100))
        return made


class Forgetful(CpuDevice):
    """A result depends on what came before: every tenth call is one ulp off."""

    _calls = 0

    def sums(self, codes, offsets):
        found, status = super().sums(codes, offsets)
        self._calls += 1
        return found ^ np.int32(self._calls % 10 == 0), status
