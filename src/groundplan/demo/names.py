"""Invented names of the sample city's places and people; English names follow Hanyu Pinyin."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pypinyin import lazy_pinyin

_DISTRICTS = ("兰渚区", "汀洲区", "望汐区", "青浔区", "槐阳区", "鹭川区")
_STREETS = (
    "听雨 晴川 柳浪 鹤桥 石埠 临津 梅坞 云岫 竹溪 枫亭 兰圃 荷塘 桂园 杏林 松涛 银滩 镜湖 翠屏 紫薇 丹枫 "
    "白鹭 沙洲 渔歌 朝晖 晚晴 春江 秋水 望岳 栖霞 迎瑞 承平 永宁 安澜 崇文 尚贤 和顺 德馨 长乐 新桥 古渡"
).split()
_HEADS = "兴 安 康 福 瑞 祥 荣 华 明 清 和 润 泽 颐 嘉 景 锦 春 秋 东 西 南 北 上 下 前 后 新".split()
_TAILS = "苑 园 里 坊 桥 湾 巷 庄 塘 堤 亭 台 溪 岭 洲 渡 井 门 林 埭".split()
_ROAD_HEADS = "兰亭 观澜 文昌 建业 望江 滨河 学府 锦绣 丰泽 青云 朝阳 人和 太平 环湖 迎宾 书院 金穗 梧桐 银杏 海棠".split()
_ROAD_TAILS = ("路", "街", "大道", "巷", "东路", "西路", "南路", "北路", "一路", "二路")
_FAMILY = "赵 钱 孙 李 周 吴 郑 王 冯 陈 蒋 沈 韩 杨 朱 秦 许 何 吕 张 孔 曹 严 金 魏 姜 谢 邹 窦 章 苏 潘 葛 范 彭".split()
_GIVEN = (
    "建国 秀兰 志强 丽华 伟民 玉珍 晓东 雅琴 文博 思远 家明 佳宁 海涛 春梅 国栋 雪莹 子涵 立群 慧敏 永康 "
    "振宇 素芬 浩然 欣怡 长林 美玲 俊杰 静怡 德胜 婉清"
).split()

DISTRICTS = tuple({"zh-hans": name, "en": f"{''.join(lazy_pinyin(name[:-1])).capitalize()} District"} for name in _DISTRICTS)


def pinyin(text: str) -> str:
    """A name in Hanyu Pinyin, capitalised and without tones.

    >>> pinyin("听雨")
    'Tingyu'
    """
    return "".join(lazy_pinyin(text)).capitalize()


def streets() -> Iterator[dict[str, str]]:
    """Names of streets; every eighth is a township."""
    for at, name in enumerate(_STREETS):
        rural = at % 8 == 7  # noqa: PLR2004 - every eighth.
        kind = ("镇", "Township") if rural else ("街道", "Street")
        yield {"zh-hans": name + kind[0], "en": f"{pinyin(name)} {kind[1]}"}


def communities(seed: int) -> Iterator[dict[str, str]]:
    """Names of communities, no name twice; every tenth is a village."""
    pairs = [head + tail for head in _HEADS for tail in _TAILS]
    random.Random(seed).shuffle(pairs)  # noqa: S311 - a repeatable order, not a secret.
    for at, name in enumerate(pairs):
        rural = at % 10 == 9  # noqa: PLR2004 - every tenth.
        yield {
            "zh-hans": name + ("村" if rural else "社区"),
            "en": f"{pinyin(name)} {'Village' if rural else 'Community'}",
        }


def roads(seed: int, count: int) -> list[tuple[str, ...]]:
    """Eight names of roads for each of so many streets."""
    pairs = [head + tail for head in _ROAD_HEADS for tail in _ROAD_TAILS]
    order = random.Random(seed + 1)  # noqa: S311 - a repeatable order, not a secret.
    return [tuple(order.sample(pairs, 8)) for _street in range(count)]


def people(seed: int) -> Iterator[str]:
    """Names of people, endlessly."""
    order = random.Random(seed + 2)  # noqa: S311 - a repeatable order, not a secret.
    while True:
        yield order.choice(_FAMILY) + order.choice(_GIVEN)
