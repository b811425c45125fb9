"""Two plain words that the page and the text message both show, so that each proves itself to the other.

Each language has a list of its own: things and nothing else, none of money, law, danger or family. Chinese
words have two characters, so that a code's message stays one segment.
"""

import secrets

ENGLISH = tuple(
    """
    acorn almond apple apricot arch attic autumn bakery balcony bamboo barley basil basket bay beach beech
    bench berry birch blanket boat book bottle bowl branch breeze brick bridge brook broom brush bucket
    button cabin cactus canal candle canvas carrot cedar chair chalk cherry clay clock cloud clover coast
    comet copper coral cotton cup daisy dawn desk door dove drum elm feather fern field finch flute fog
    forest garden garlic gate ginger glass globe goose grape grass harbour hat hazel heather hill honey
    island ivy jacket jasmine kettle kite ladder lake lamp lantern lark leaf lemon lilac lily linen lotus
    maple marble meadow melon mint mirror mist moon moss needle nest oak oat olive onion orange orchard
    paper path peach pear pebble pencil pepper piano pillow pine planet plum pond poplar pumpkin rain
    rice ribbon river robin rose saddle sail sand shell silk snow spoon spring star stone straw summer
    sun swan table tea thyme tulip valley vase violet walnut wheat willow window winter wool
    """.split()
)

CHINESE = tuple(
    """
    春风 木桥 河灯 竹林 石阶 松果 茶杯 雨伞 白云 青草 荷叶 桂花 梅花 兰花 桃花 杏花 樱花 茉莉
    银杏 枫叶 柳枝 松树 杨树 榕树 橘子 苹果 葡萄 石榴 柿子 核桃 板栗 花生 红枣 莲子 芝麻 南瓜 冬瓜 黄瓜
    番茄 萝卜 土豆 玉米 小麦 水稻 大豆 香菇 木耳 菠菜 白菜 芹菜 生姜 月亮 星星 太阳 彩虹 晨雾 露珠 雪花
    细雨 清泉 小溪 湖水 海浪 沙滩 贝壳 珊瑚 小岛 山谷 草原 田野 果园 菜园 花园 池塘 水井 风车 帆船 木船
    码头 灯塔 石桥 凉亭 长廊 院子 窗台 阳台 书桌 木椅 台灯 书架 铅笔 毛笔 砚台 宣纸 画框 花瓶 陶罐
    瓷碗 竹篮 草帽 围巾 手套 毛衣 棉被 枕头 纽扣 丝线 风筝 陀螺 积木 口琴 笛子 古筝 二胡 钢琴 水壶
    茶壶 筷子 木勺 蒸笼 豆浆 米饭 面条 馒头 豆腐 蜂蜜 燕子 喜鹊 鸽子 麻雀 天鹅 蝴蝶 蜻蜓 蜜蜂 金鱼
    """.split()
)


def pick(language: str) -> tuple[str, str]:
    """Two different words of a language's own list; English where a language has none."""
    words = CHINESE if language.split("-")[0] == "zh" else ENGLISH
    first, second = secrets.SystemRandom().sample(words, 2)
    return first, second
