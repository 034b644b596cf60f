from __future__ import annotations

from datetime import timedelta

from onebox.messaging.rates import MOST_ADDRESSES, MOST_TIMES, Rates

MINUTE = timedelta(minutes=1)


def test_so_many_are_taken_and_the_next_when_the_first_is_long_ago() -> None:
    rates = Rates(2, MINUTE)

    assert [rates.wait("a", at) for at in (0.0, 10.0, 20.0, 59.0)] == [0.0, 0.0, 40.0, 1.0]
    assert [rates.wait("a", at) for at in (60.0, 61.0, 70.0)] == [0.0, 9.0, 0.0]


def test_one_address_takes_nothing_from_another() -> None:
    rates = Rates(1, MINUTE)

    assert [rates.wait(address, 0.0) for address in ("a", "b", "a")] == [0.0, 0.0, 60.0]


def test_what_counts_as_several_waits_until_there_is_room_for_all_of_it() -> None:
    rates = Rates(10, MINUTE)

    assert [rates.wait("a", at, 4) for at in (0.0, 10.0)] == [0.0, 0.0]
    assert rates.wait("a", 20.0, 2) == 0.0
    assert rates.wait("a", 30.0, 5) == 40.0
    assert rates.wait("a", 70.0, 5) == 0.0


def test_what_counts_as_more_than_all_is_taken_alone() -> None:
    rates = Rates(3, MINUTE)

    assert [rates.wait("a", at, 5) for at in (0.0, 30.0, 60.0)] == [0.0, 30.0, 0.0]


def test_many_addresses_take_no_more_memory_than_is_set() -> None:
    one, many = Rates(1, MINUTE), Rates(1_000_000, MINUTE)
    for number in range(MOST_ADDRESSES + 50):
        one.wait(str(number), float(number))
        many.wait(str(number), 0.0, 1000)

    assert one.remembered == (MOST_ADDRESSES, MOST_ADDRESSES)
    assert many.remembered == (MOST_TIMES // 1000, MOST_TIMES)
    assert one.wait(str(MOST_ADDRESSES + 49), MOST_ADDRESSES + 50.0) > 0, "the last ones are not forgotten"
