"""Laws of the tree, and the test vectors of the Certificate Transparency reference
implementation (merkletree/merkle_tree_test.cc).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.kernel.ledger import logic

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C, D, E, F = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
HASHES = [logic.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size):
    assert logic.root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [D, E, ROOTS[4]]), (2, 3, [ROOTS[2]]), (1, 5, [ROOTS[1], B, D])],
)
def test_inclusion_proofs_are_those_of_the_reference(index, size, path):
    assert [step.hex() for step in logic.inclusion(HASHES[:size], index)] == path


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])],
)
def test_consistency_proofs_are_those_of_the_reference(first, second, path):
    assert [step.hex() for step in logic.consistency(HASHES[:second], first)] == path


def hashes(size):
    return [logic.leaf_hash(str(number).encode()) for number in range(size)]


sizes = st.integers(1, 70)


@given(sizes, st.data())
def test_every_leaf_is_proven_under_its_own_place_alone(size, data):
    leaves = hashes(size)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    path = logic.inclusion(leaves, index)
    assert len(path) <= (size - 1).bit_length()
    holds = logic.root_from_inclusion(leaves[index], other, size, path) == logic.root(leaves)
    assert holds == (other == index)


@given(sizes, st.data())
def test_a_damaged_inclusion_proof_fails(size, data):
    leaves = hashes(size)
    index = data.draw(st.integers(0, size - 1))
    path = logic.inclusion(leaves, index)
    damage = data.draw(st.sampled_from(["shorter", "longer", "flipped", "leaf"]))
    leaf = leaves[index]
    if damage == "leaf" or not path:
        leaf = bytes([leaf[0] ^ 1]) + leaf[1:]
    elif damage == "shorter":
        path = path[:-1]
    elif damage == "longer":
        path = [*path, leaf]
    else:
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = path[at][:-1] + bytes([path[at][-1] ^ 0x80])
    assert logic.root_from_inclusion(leaf, index, size, path) != logic.root(leaves)


@given(sizes, st.data())
def test_a_log_is_consistent_with_its_own_beginning_and_no_other(second, data):
    leaves = hashes(second)
    first = data.draw(st.integers(1, second))
    path = logic.consistency(leaves, first)
    old, new = logic.root(leaves[:first]), logic.root(leaves)
    assert logic.consistent(first, second, old, new, path)
    other = logic.root([logic.leaf_hash(b"other"), *leaves[1:first]])
    assert not logic.consistent(first, second, other, new, path)
    if path:
        assert not logic.consistent(first, second, old, new, path[:-1])
        assert not logic.consistent(first, second, old, new, [*path, new])


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_tree_grown_in_batches_equals_the_tree_built_at_once(batches):
    leaves, nodes, size = hashes(sum(batches)), {}, 0
    for batch in batches:
        frontier = {node: nodes[node] for node in logic.peaks(size)}
        nodes.update(logic.grow(size, frontier, leaves[size : size + batch]))
        size += batch
        assert logic.fold([nodes[node] for node in logic.peaks(size)]) == logic.root(leaves[:size])
    assert nodes == logic.grow(0, {}, leaves)


def test_a_commitment_says_nothing_without_its_salt():
    facts, salt = {"income": 3200}, logic.new_salt()
    assert len(salt) * 8 == 128
    assert logic.commitment(facts, salt) == logic.commitment({"income": 3200}, salt)
    assert logic.commitment(facts, salt) != logic.commitment({"income": 3201}, salt)
    assert logic.commitment(facts, salt) != logic.commitment(facts, logic.new_salt())
    with pytest.raises(ValueError, match="16 bytes"):
        logic.commitment(facts, b"short")
